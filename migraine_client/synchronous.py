"""The synchronous client.

Not here: the asynchronous one (`migraine_client.asynchronous`), the requests of both (`migraine_client.core`).
"""

import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

import httpx

from migraine_client import core
from migraine_client.answers import (
    Batch,
    Day,
    KeptParticipants,
    ParticipantForecasts,
    Prediction,
    Recorded,
)
from migraine_client.core import Call, Date
from migraine_client.errors import Unreachable
from migraine_client.model_answers import Models, Ready
from migraine_client.retries import Retries

T = TypeVar("T")


class Client:
    """A client of the service at `url`.

    `api_key`: the key, if the service requires one. `language`: of sentences, for example "de". `timeout`: seconds for
    connecting, and for each wait for data. `retries`: how often a request without an answer, or with an answer 429,
    502, 503 or 504, is repeated; feedback and `ready` never are. A client may be shared by threads. Close it, or use
    it in a `with` block.

    All methods raise `Problem` if the service refuses the request, and `Unreachable` if there is no answer.
    """

    def __init__(
        self,
        url: str,
        *,
        api_key: str | None = None,
        language: str | None = None,
        timeout: float = 35.0,
        retries: Retries | None = None,
    ) -> None:
        self._http = httpx.Client(**core.options(url, api_key, language, timeout))
        self._retries = retries or Retries()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def predict(self, entries: Sequence[Mapping[str, Any]] | None = None, **fields: Any) -> Prediction:
        """Predict for one participant from the days `entries`, oldest first, each a dictionary with a `date`.

        `fields`: other fields of the body (`participant_id`, `age`, `sex`, `explain`). Without `entries`, `fields` is
        one day without history.
        """
        return self._send(core.predict(entries, fields))

    def predict_batch(self, items: Sequence[Mapping[str, Any]]) -> Batch:
        """Predict for many participants. Each item is the body of one prediction, and fails alone."""
        return self._send(core.predict_batch(items))

    def predict_table(self, table: bytes, *, rows: Literal["last", "all"] = "last") -> bytes:
        """Predict for a table of days, as Arrow IPC or Parquet; returns a table of the same format.

        `rows`: predict from each participant's newest day, or from each row.
        """
        return self._send(core.predict_table(table, rows))

    def feedback(self, prediction_id: str, *, migraine_occurrence: bool, **fields: Any) -> Recorded:
        """Report the outcome of a prediction (`migraine_severity` among `fields`)."""
        return self._send(core.feedback(prediction_id, migraine_occurrence, fields))

    def participants(self, *, after: str | None = None, limit: int | None = None) -> KeptParticipants:
        """List the participants with a kept diary."""
        return self._send(core.participants(after, limit))

    def put_profile(self, participant: str, **fields: Any) -> Day:
        """Set values that do not change from day to day (`age`, `sex`); returns the profile."""
        return self._send(core.put_profile(participant, fields))

    def put_day(self, participant: str, date: Date, **fields: Any) -> Day:
        """Merge `fields` into a day: None erases a field. Returns the merged day."""
        return self._send(core.put_day(participant, date, fields))

    def get_day(self, participant: str, date: Date) -> Day:
        """Return a kept day."""
        return self._send(core.get_day(participant, date))

    def get_days(self, participant: str, *, first: Date | None = None, last: Date | None = None) -> list[Day]:
        """Return the kept days from `first` to `last`, oldest first."""
        return self._send(core.get_days(participant, first, last)).entries

    def get_diary(self, participant: str) -> Day:
        """Return the kept diary as the body of a prediction."""
        return self._send(core.get_diary(participant))

    def delete_day(self, participant: str, date: Date) -> None:
        """Delete a kept day."""
        self._send(core.delete(participant, "days", date))

    def delete_days(self, participant: str) -> None:
        """Delete all kept days."""
        self._send(core.delete(participant, "days"))

    def delete_diary(self, participant: str) -> None:
        """Delete the kept diary."""
        self._send(core.delete(participant))

    def forecast(self, participant: str, *, day: Date | None = None, explain: bool = False) -> Prediction:
        """Predict from a kept diary. `day`: the day that is "today"; by default the newest kept day."""
        return self._send(core.forecast(participant, day, explain))

    def forecasts(self, *, after: str | None = None, limit: int | None = None) -> ParticipantForecasts:
        """Forecast the next day of the participants with a kept diary. These forecasts are not recorded."""
        return self._send(core.forecasts(after, limit))

    def sheet(self, participant: str, *, days: int | None = None) -> bytes:
        """Return the page about a kept diary for a doctor, as HTML. `days`: the days of its period."""
        return self._send(core.sheet(participant, days))

    def models(self) -> Models:
        """Describe the models that serve."""
        return self._send(core.models())

    def ready(self) -> Ready:
        """Return which bundles serve. Raises `Problem` (`not-ready`) if no model is loaded."""
        return self._send(core.ready())

    def _send(self, call: Call[T]) -> T:
        attempt = 0
        while True:
            attempt += 1
            response, failure = None, None
            try:
                response = self._http.send(call.request(self._http))
            except httpx.RequestError as error:
                failure = error
            pause = self._retries.pause(attempt, response) if call.repeatable else None
            if pause is not None:
                time.sleep(pause)
            elif response is not None:
                return call.read(response, repeated=attempt > 1)
            else:
                raise Unreachable(f"The service did not answer {call.method} {call.path}: {failure!r}.") from failure
