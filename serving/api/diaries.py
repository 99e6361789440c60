"""`/diaries`: days that the service keeps for an app, by API key and participant.

A key sees only its own participants. Not here: the database (`migraine_assets.stores.diaries`), access to it
(`serving.diaries`), forecasts from kept diaries (`serving.api.forecast`).
"""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from migraine_assets.stores.diaries.day import Values
from migraine_assets.stores.diaries.diaries import Diaries, KeptDay, StoredDiary
from migraine_assets.stores.diaries.statements import PROFILE
from serving.api.bodies import json_response, read_json
from serving.contract.problems import Refused, invalid
from serving.contract.responses import Interpreted, KeptParticipant, KeptParticipants
from serving.input.kept_days import check_day, day_content, iso_date, read_change, read_day, read_participant
from serving.services import Services

MOST_LISTED = 1000
MARK_LENGTH = 64
_LAST = 2**31 - 1


def owner_of(request: Request) -> str:
    """Return the name of the API key that sent the request; empty if none is required."""
    owner: str = request.scope.get("owner", "")
    return owner


async def put_day(services: Services, request: Request) -> Response:
    """Handle `PUT /diaries/{participant}/days/{date}`: merge fields into a day. A null erases the field."""
    participant, day = _participant(request), read_day(request.path_params["date"], now=services.now())
    schema = services.predictor.models.requests
    changes, interpreted = read_change(await _body(services, request), schema.DayChange, schema)
    date = changes.pop("date", None)
    if date is not None and str(date) != request.path_params["date"]:
        raise invalid("$.date", "is not the day of the address", "the same day, or none")
    check = partial(check_day, schema=schema)
    put = partial(Diaries.put, owner=owner_of(request), participant=participant, day=day, changes=changes, check=check)
    values = await services.diaries.run(put)
    services.metrics.count_diary_change("put")
    return json_response(day_content(KeptDay(day, values)) | _interpreted(interpreted))


async def put_profile(services: Services, request: Request) -> Response:
    """Handle `PUT /diaries/{participant}`: merge the values that do not change from day to day."""
    participant, schema = _participant(request), services.predictor.models.requests
    changes, interpreted = read_change(await _body(services, request), schema.ProfileChange, schema)
    put = partial(
        Diaries.put,
        owner=owner_of(request),
        participant=participant,
        day=PROFILE,
        changes=changes,
        check=lambda _: None,
    )
    values = await services.diaries.run(put)
    services.metrics.count_diary_change("put")
    return json_response({"participant_id": participant, **values} | _interpreted(interpreted))


async def get_day(services: Services, request: Request) -> Response:
    """Handle `GET /diaries/{participant}/days/{date}`."""
    day = read_day(request.path_params["date"], now=services.now())
    (kept,) = await _days(services, request, first=day, last=day) or _missing()
    return json_response(day_content(kept))


async def get_days(services: Services, request: Request) -> Response:
    """Handle `GET /diaries/{participant}/days`. `from`, `to`: the first and the last day. The oldest comes first."""
    first, last = (_day_of(services, request, name) for name in ("from", "to"))
    days = await _days(services, request, first=PROFILE + 1 if first is None else first, last=last or _LAST)
    return json_response({"entries": [day_content(day) for day in days]})


async def get_diary(services: Services, request: Request) -> Response:
    """Handle `GET /diaries/{participant}`: return the whole diary as a body for `/predict`."""
    days = await _days(services, request, first=PROFILE, last=_LAST)
    profile = days.pop(0).values if days and days[0].day == PROFILE else Values()
    entries = [day_content(day) for day in days]
    return json_response({"participant_id": _participant(request), **profile, "entries": entries})


async def delete_day(services: Services, request: Request) -> Response:
    """Handle `DELETE /diaries/{participant}/days/{date}`: delete the day with its earlier values."""
    day = read_day(request.path_params["date"], now=services.now())
    return await _delete(
        services, partial(Diaries.delete_day, owner=owner_of(request), participant=_participant(request), day=day)
    )


async def delete_diary(services: Services, request: Request, *, days_only: bool) -> Response:
    """Handle `DELETE /diaries/{participant}` or, with `days_only`, `DELETE /diaries/{participant}/days`."""
    participant, owner = _participant(request), owner_of(request)
    return await _delete(services, partial(Diaries.delete, owner=owner, participant=participant, days_only=days_only))


async def get_participants(services: Services, request: Request) -> Response:
    """Handle `GET /diaries`: list the participants of the key, by `after` and `limit`."""
    after, count = page_of(request, most=MOST_LISTED)
    listing = partial(Diaries.participants, owner=owner_of(request), after=after, count=count)
    kept, following = await services.diaries.run(listing)
    return json_response(KeptParticipants([_listed(one) for one in kept], following))


def page_of(request: Request, *, most: int) -> tuple[str, int]:
    """Return `after` (`next` of the previous answer) and `limit` of a request for a list. Raises `Refused`.

    By default the list begins with its first participant, and has at most `most`.
    """
    count = request.query_params.get("limit", str(most))
    if not (count.isascii() and count.isdigit() and 1 <= int(count[:9]) <= most):
        raise invalid("$.limit", "cannot be accepted", f"a number from 1 to {most}")
    after = request.query_params.get("after", "")
    if len(after) > MARK_LENGTH:
        raise invalid("$.after", "is too long", "`next` of an earlier answer")
    return after, int(count)


def _participant(request: Request) -> str:
    return read_participant(request.path_params["participant"])


async def _body(services: Services, request: Request) -> bytes:
    settings = services.settings
    return await read_json(request, most=settings.max_body_bytes, seconds=settings.request_timeout)


def _day_of(services: Services, request: Request, name: str) -> int | None:
    text = request.query_params.get(name)
    return None if text is None else read_day(text, now=services.now())


async def _days(services: Services, request: Request, *, first: int, last: int) -> list[KeptDay]:
    read = partial(Diaries.days, owner=owner_of(request), participant=_participant(request), first=first, last=last)
    days: list[KeptDay] | None = await services.diaries.run(read)
    return _missing() if days is None else days


async def _delete(services: Services, delete: Any) -> Response:
    if not await services.diaries.run(delete):
        _missing()
    services.metrics.count_diary_change("delete")
    return Response(status_code=204)


def _missing() -> Any:
    """Raise the error for an unknown diary or day. It is the same for a diary of another key."""
    raise Refused("unknown-diary", "No such day or diary is kept. PUT a day first.")


def _interpreted(interpreted: Iterable[Interpreted]) -> dict[str, Any]:
    renamed: Sequence[Interpreted] = list(interpreted)
    return {"interpreted": renamed} if renamed else {}


def _listed(kept: StoredDiary) -> KeptParticipant:
    first, last = (None if day is None else iso_date(day) for day in (kept.first, kept.last))
    return KeptParticipant(kept.participant, kept.days, first, last)
