"""The forecasts of a night in the prediction log: records like those of the service, one set for each day.

    log/predictions/<day>/forecasts-<number>.jsonl    one file for each shard

The IDs are derived from the day, the diary and the models. Repeating a night with the same inputs writes the same IDs;
with other inputs, the new records replace the old ones. Not here: forecasting (`prediction.forecasts`), the form of a
record (`stores.prediction_log`).
"""

import datetime as dt
import hashlib
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec

from migraine_assets.prediction.forecasts import ShardForecasts
from migraine_assets.prediction.records import blocks
from migraine_assets.stores.prediction_log.prediction_ids import make_ids
from migraine_assets.stores.prediction_log.segments import ROOT, SUFFIX
from migraine_assets.stores.pseudonyms import pseudonym
from migraine_assets.stores.store import Store

PREFIX = "forecasts-"
_encode = msgspec.json.Encoder().encode


@dataclass
class NightIds:
    """A generator of the prediction IDs of one night. `about`: the inputs of the forecasts besides the day."""

    secret: bytes
    day: dt.date
    about: str
    _made: int = 0

    def make(self, count: int) -> list[str]:
        """Return the next `count` IDs."""
        first, self._made = self._made, self._made + count

        def random(size: int) -> bytes:
            # Derived instead of random. Keyed, so that IDs cannot be computed without the secret.
            content = f"{self.day}:{self.about}:{first}".encode()
            return hashlib.blake2b(content, key=hashlib.sha256(self.secret).digest(), digest_size=size).digest()

        return make_ids(self.secret, count, time=moment(self.day), random=random)


@dataclass
class Logged:
    """Numbers of logged participants and forecasts (without abstentions), and of participants without one by reason.

    `earlier`: the predictions for participants whose diary ends more than a day before the night.
    """

    participants: int = 0
    forecasts: int = 0
    without: Counter[str] = field(default_factory=Counter)
    earlier: int = 0
    risk: float = 0.0

    @property
    def mean_risk(self) -> float | None:
        """The mean probability of an attack."""
        return self.risk / self.forecasts if self.forecasts else None


def moment(day: dt.date) -> float:
    """Return the time at which the forecasts of a night count as made: the beginning of `day` (UTC), in seconds since
    1970.
    """
    return dt.datetime.combine(day, dt.time(), dt.UTC).timestamp()


def log_forecasts(store: Store, shards: Iterable[ShardForecasts], *, day: dt.date, secret: bytes) -> Logged:
    """Write the forecasts of the night before `day`. Records of an earlier run for this day are replaced."""
    folder, logged, written = f"{ROOT}/predictions/{day}", Logged(), []
    started = time.perf_counter()
    for number, shard in enumerate(shards):
        if shard.predictions is not None:
            seconds, started = time.perf_counter() - started, time.perf_counter()
            content = _lines(shard, day=day, secret=secret, seconds=seconds)
            written.append(f"{PREFIX}{number:06d}{SUFFIX}")
            store.write(f"{folder}/{written[-1]}", content)
        _count(logged, shard, day)
    for name in store.list(folder):
        if name.startswith(PREFIX) and name not in written:
            store.delete(f"{folder}/{name}")
    return logged


def _lines(shard: ShardForecasts, *, day: dt.date, secret: bytes, seconds: float) -> bytes:
    predictions = shard.predictions
    assert predictions is not None
    participants = [pseudonym(secret, name) if name else None for name in predictions.participants]
    # The time of one forecast, as in the records of the service.
    latency = round(1000 * seconds / len(participants), 3)
    lines = blocks(predictions, participants, time=moment(day), latency_ms=latency)
    return b"".join(_encode(block) + b"\n" for block in lines)


def _count(logged: Logged, shard: ShardForecasts, day: dt.date) -> None:
    logged.participants += len(shard.names)
    logged.without += shard.without
    if shard.predictions is not None:
        yesterday = (day - dt.date(1970, 1, 1)).days - 1
        logged.earlier += int((shard.predictions.histories.target_days < yesterday).sum())
    for group in shard.predictions.groups["attack"] if shard.predictions else ():
        known = group.outputs[group.outputs == group.outputs]
        logged.forecasts += len(known)
        logged.risk += float(known.sum())
