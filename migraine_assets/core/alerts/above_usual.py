"""The message about forecasts above the usual: the content of a webhook, as it is queued and as it is sent.

A queued message has pseudonyms of participants, which become the ids of the app when it is sent. So no id is stored
outside the encrypted database, and a participant who was erased meanwhile is left out. Not here: signing and sending
(`stores.alerts.webhooks`), the choice of forecasts (`prediction.above_usual`).
"""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Literal

import msgspec

from migraine_assets.core.alerts.message import Message

TYPE = "forecast.above_usual"
# Forecasts in one message. Receivers expect payloads of up to about 20 kB.
MOST_FORECASTS = 100

Level = Literal["higher", "much_higher"]


class AboveUsual(msgspec.Struct, frozen=True):
    """A forecast. `participant_id`: the pseudonym while it is queued. `relative_to_usual`: probability / base rate."""

    participant_id: str
    prediction_id: str
    for_date: dt.date
    probability: float
    base_rate: float
    relative_to_usual: float
    level: Level


class AboveUsualData(msgspec.Struct, frozen=True):
    """The data of a message. `simulated_model`: whether a model was trained on simulated diaries."""

    forecasts: list[AboveUsual]
    simulated_model: bool = False


class Payload(msgspec.Struct, frozen=True):
    """The body of a webhook. `timestamp`: when the forecasts were made."""

    type: str
    timestamp: dt.datetime
    data: AboveUsualData


def messages(forecasts: Sequence[AboveUsual], *, simulated: bool, made: dt.datetime) -> list[Message]:
    """Return the messages to queue for `forecasts`."""
    parts = [list(forecasts[k : k + MOST_FORECASTS]) for k in range(0, len(forecasts), MOST_FORECASTS)]
    return [_message(AboveUsualData(part, simulated), made=made) for part in parts]


def pseudonyms(message: Message) -> list[str]:
    """Return the pseudonyms in a queued message."""
    return [forecast.participant_id for forecast in _data(message).forecasts]


def payload(message: Message, names: Mapping[str, str], *, today: dt.date) -> bytes | None:
    """Return the body for a queued message; None if nothing is left to send.

    `names`: the app's id of each pseudonym. Forecasts of participants without one, and of days before `today`, are
    left out.
    """
    data = _data(message)
    forecasts = [
        msgspec.structs.replace(forecast, participant_id=names[forecast.participant_id])
        for forecast in data.forecasts
        if forecast.participant_id in names and forecast.for_date >= today
    ]
    if not forecasts:
        return None
    return msgspec.json.encode(Payload(TYPE, message.made, AboveUsualData(forecasts, data.simulated_model)))


def without(message: Message, participants: Collection[str]) -> Message:
    """Return a queued message without the forecasts of some pseudonyms."""
    data = _data(message)
    kept = [forecast for forecast in data.forecasts if forecast.participant_id not in participants]
    return _message(AboveUsualData(kept, data.simulated_model), made=message.made)


def _message(data: AboveUsualData, *, made: dt.datetime) -> Message:
    return Message(TYPE, msgspec.json.encode(data).decode(), severity="warning", good=False, made=made)


def _data(message: Message) -> AboveUsualData:
    return msgspec.json.decode(message.body, type=AboveUsualData)
