"""The requests of the API, shared by both clients: addresses, bodies and the type of each answer.

Not here: sending them (`migraine_client.synchronous`, `migraine_client.asynchronous`).
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from urllib.parse import quote

import httpx
import msgspec

from migraine_client.answers import (
    Batch,
    Day,
    KeptParticipants,
    ParticipantForecasts,
    Prediction,
    Recorded,
)
from migraine_client.errors import Unreachable, problem_of
from migraine_client.model_answers import Models, Ready

T = TypeVar("T")
JSON = "application/json"
Date = dt.date | str
Body = Mapping[str, Any]


@dataclass(frozen=True)
class Call(Generic[T]):
    """One request. `answer`: the type of its answer; `repeatable`: whether it may be sent again."""

    method: str
    path: str
    answer: Any
    content: bytes | None = None
    media: str = JSON
    query: Mapping[str, str] = field(default_factory=dict)
    repeatable: bool = True

    def request(self, client: httpx.Client | httpx.AsyncClient) -> httpx.Request:
        """Return the request of `client`."""
        headers = {} if self.content is None else {"content-type": self.media}
        return client.build_request(
            self.method, self.path.lstrip("/"), content=self.content, headers=headers, params=dict(self.query)
        )

    def read(self, response: httpx.Response, *, repeated: bool = False) -> T:
        """Return the answer. Raises `Problem` for an error of the service, `Unreachable` for an unreadable answer.

        `repeated`: it is not the answer to the first attempt.
        """
        if not response.is_success:
            problem = problem_of(response)
            # The first attempt deleted it, and only its answer was lost.
            if self.method == "DELETE" and repeated and problem.name == "unknown-diary":
                return None  # type: ignore[return-value]
            raise problem
        if self.answer in (None, bytes):
            return response.content if self.answer is bytes else None  # type: ignore[return-value]
        try:
            return msgspec.json.decode(response.content, type=self.answer)  # type: ignore[no-any-return]
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            text = (
                f"The answer to {self.method} {self.path} is not the expected one. Is this the address of the service?"
            )
            raise Unreachable(text) from error


def options(url: str, api_key: str | None, language: str | None, timeout: float) -> dict[str, Any]:
    """Return the arguments of the httpx client."""
    headers = {"accept": f"{JSON}, application/problem+json"}
    if api_key:
        headers["authorization"] = f"Bearer {api_key}"
    if language:
        headers["accept-language"] = language
    return {"base_url": url.rstrip("/") + "/", "headers": headers, "timeout": timeout}


def predict(entries: Sequence[Body] | None, fields: Body) -> Call[Prediction]:
    """Predict from the days `entries`, or from one day without history (`entries` None) with the values `fields`."""
    return Call(
        "POST", "/predict", Prediction, _json(dict(fields) if entries is None else {**fields, "entries": entries})
    )


def predict_batch(items: Sequence[Body]) -> Call[Batch]:
    """Predict for many participants: bodies of /predict."""
    return Call("POST", "/predict/batch", Batch, _json({"items": items}))


def predict_table(table: bytes, rows: str) -> Call[bytes]:
    """Predict for a table."""
    return Call("POST", "/predict/table", bytes, table, "application/octet-stream", {"rows": rows})


def feedback(prediction_id: str, migraine_occurrence: bool, fields: Body) -> Call[Recorded]:
    """Report an outcome."""
    body = {"prediction_id": prediction_id, "migraine_occurrence": migraine_occurrence, **fields}
    return Call("POST", "/feedback", Recorded, _json(body), repeatable=False)


def participants(after: str | None, limit: int | None) -> Call[KeptParticipants]:
    """List the participants of the API key."""
    return Call("GET", "/diaries", KeptParticipants, query=_query(after=after, limit=limit))


def put_profile(participant: str, fields: Body) -> Call[Day]:
    """Set values that do not change from day to day."""
    return Call("PUT", _diary(participant), Day, _json(fields))


def put_day(participant: str, date: Date, fields: Body) -> Call[Day]:
    """Merge `fields` into a day."""
    return Call("PUT", _diary(participant, "days", date), Day, _json(fields))


def get_day(participant: str, date: Date) -> Call[Day]:
    """Return a day."""
    return Call("GET", _diary(participant, "days", date), Day)


def get_days(participant: str, first: Date | None, last: Date | None) -> Call["Days"]:
    """Return the days from `first` to `last`."""
    query = _query(**{"from": first, "to": last})
    return Call("GET", _diary(participant, "days"), Days, query=query)


def get_diary(participant: str) -> Call[Day]:
    """Return a diary."""
    return Call("GET", _diary(participant), Day)


def delete(participant: str, *parts: Date) -> Call[None]:
    """Delete a diary, its days (`days`), or one day (`days`, date)."""
    return Call("DELETE", _diary(participant, *parts), None)


def forecast(participant: str, day: Date | None, explain: bool) -> Call[Prediction]:
    """Predict from a kept diary."""
    query = _query(day=day, explain="true" if explain else None)
    return Call("GET", f"/forecast/{_segment(participant)}", Prediction, query=query)


def forecasts(after: str | None, limit: int | None) -> Call[ParticipantForecasts]:
    """Forecast the next day of the participants of the API key."""
    return Call("GET", "/forecasts", ParticipantForecasts, query=_query(after=after, limit=limit))


def sheet(participant: str, days: int | None) -> Call[bytes]:
    """Return the sheet of a kept diary."""
    return Call("GET", f"/sheet/{_segment(participant)}", bytes, query=_query(days=days))


def models() -> Call[Models]:
    """Describe the models."""
    return Call("GET", "/models", Models)


def ready() -> Call[Ready]:
    """Return which bundles serve. Not repeated: whoever asks wants to know the state now."""
    return Call("GET", "/ready", Ready, repeatable=False)


class Days(msgspec.Struct, frozen=True):
    """Days as they are kept, oldest first."""

    entries: list[Day]


def _json(body: Any) -> bytes:
    # msgspec writes dates as ISO 8601.
    return msgspec.json.encode(body)


def _query(**values: object) -> dict[str, str]:
    return {name: str(value) for name, value in values.items() if value is not None}


def _diary(participant: str, *parts: Date) -> str:
    return "/".join(("/diaries", *(_segment(str(part)) for part in (participant, *parts))))


def _segment(text: str) -> str:
    """Return `text` as a part of a path. "." and ".." are pseudonyms too, but have a meaning in paths."""
    return quote(text, safe="") if text.strip(".") else text.replace(".", "%2E")
