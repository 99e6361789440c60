"""The forecasts of a night for webhooks of apps: queued here, sent by the sensor `alert_delivery`.

Not here: which forecasts are above the usual (`prediction.above_usual`), sending (`stores.alerts`).
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from migraine_assets.core.alerts.above_usual import AboveUsual, messages
from migraine_assets.prediction.above_usual import above_usual
from migraine_assets.prediction.forecasts import ShardForecasts
from migraine_assets.settings import Settings
from migraine_assets.sources.service import NAME, kept_database
from migraine_assets.stores.alerts import outbox
from migraine_assets.stores.alerts.webhooks import Webhook, webhooks
from migraine_assets.stores.diaries.diaries import Diaries, Limits
from migraine_assets.stores.signing_secret import shared_secret
from migraine_assets.stores.store import Store


@dataclass
class NightForWebhooks:
    """Collects the forecasts above the usual while the shards of a night pass, and queues them for `webhooks`."""

    webhooks: Sequence[Webhook]
    day: dt.date
    _forecasts: dict[str, list[AboveUsual]] = field(default_factory=dict)

    @classmethod
    def of(cls, source: str, settings: Settings, *, day: dt.date) -> "NightForWebhooks":
        """Return that of a delivery from `source`. Only kept diaries belong to an app; participants of other deliveries
        have names that no app has sent.
        """
        return cls(webhooks(settings.webhook_endpoints) if source == NAME else (), day)

    def passing(self, shards: Iterable[ShardForecasts]) -> Iterator[ShardForecasts]:
        """Yield `shards`."""
        owners = {webhook.owner for webhook in self.webhooks}
        for shard in shards:
            if owners and shard.predictions is not None:
                for owner, forecasts in above_usual(shard, owners, day=self.day).items():
                    self._forecasts.setdefault(owner, []).extend(forecasts)
            yield shard

    def queue(self, store: Store, *, simulated: bool, now: dt.datetime) -> int:
        """Queue the messages and return the number of forecasts in them. Raises `StoreError`."""
        count = 0
        for webhook in self.webhooks:
            wanted = [
                one
                for one in self._forecasts.get(webhook.owner, ())
                if webhook.level == "higher" or one.level == webhook.level
            ]
            for message in messages(wanted, simulated=simulated, made=now):
                outbox.add(store, message, [webhook], now=now)
            count += len(wanted)
        return count


def kept_names(settings: Settings, store: Store, owner: str, pseudonyms: Sequence[str]) -> Mapping[str, str]:
    """Return the ids that an app uses, by pseudonym. Raises `StoreError` if the diaries cannot be read."""
    secret = shared_secret(store, configured=settings.signing_secret)
    # The limits apply to writing only.
    diaries = Diaries(kept_database(settings), secret=secret, limits=Limits(days=0, participants=0))
    try:
        return diaries.names_of(owner, pseudonyms)
    finally:
        diaries.close()
