"""Errors of the HTTP API: problem details (RFC 9457), and the table of their kinds. A new HTTP error is a line here.

Not here: what is wrong with a body (`serving.input`), how an error becomes a response (`serving.api.middleware`). No
error contains a diary value, a path of the server or a stack trace.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from migraine_assets.errors import MigraineError

MEDIA_TYPE = "application/problem+json"
URN = "urn:migraine:problem:"


@dataclass(frozen=True)
class Kind:
    """One kind of problem: the last part of its `type`, its HTTP status and its title."""

    name: str
    status: int
    title: str


KINDS: tuple[Kind, ...] = (
    Kind("not-json", 400, "The body is not valid JSON"),
    Kind("unreadable-table", 400, "The body is not a readable table"),
    Kind("unreadable-tensors", 400, "The body is not a valid inference request"),
    Kind("bad-request", 400, "The request cannot be read"),
    Kind("unauthorized", 401, "A valid API key is required"),
    Kind("not-found", 404, "No such resource"),
    Kind("unknown-prediction", 404, "No prediction has this id"),
    Kind("unknown-diary", 404, "No such diary or day is kept"),
    Kind("method-not-allowed", 405, "This address does not support the method"),
    Kind("timeout", 408, "The body took too long to arrive"),
    Kind("limit-reached", 409, "A limit of kept diaries is reached"),
    Kind("too-large", 413, "The body is too large"),
    Kind("unsupported-media-type", 415, "The media type of the body is not supported here"),
    Kind("invalid-request", 422, "The body is well-formed but cannot be accepted"),
    Kind("undecodable-table", 422, "The table could not be decoded"),
    Kind("rate-limited", 429, "Too many requests"),
    Kind("internal-error", 500, "Internal server error"),
    Kind("not-ready", 503, "No model is loaded yet"),
    Kind("overloaded", 503, "The service is busy"),
    Kind("diaries-unavailable", 503, "The kept diaries are unavailable"),
)
BY_NAME: Mapping[str, Kind] = {kind.name: kind for kind in KINDS}
BY_STATUS: Mapping[int, Kind] = {kind.status: kind for kind in reversed(KINDS)} | {400: BY_NAME["bad-request"]}


class FieldProblem(msgspec.Struct, frozen=True):
    """One invalid field: its path (JSONPath), the reason, and what is accepted. Never the value itself."""

    path: str
    reason: str
    accepted: str


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """The body of an error, RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldProblem] = []


class Refused(MigraineError):
    """A request that is answered with a problem of `kind`, the name of one of `KINDS`."""

    def __init__(
        self,
        kind: str,
        detail: str,
        *,
        errors: tuple[FieldProblem, ...] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.kind, self.detail, self.errors, self.headers = BY_NAME[kind], detail, errors, dict(headers or {})
        self.http_status = self.kind.status

    @property
    def problem(self) -> Problem:
        """The body of the response."""
        kind = self.kind
        return Problem(URN + kind.name, kind.title, kind.status, self.detail, list(self.errors))

    def at(self, prefix: str) -> "Refused":
        """Return the same error for a part of a larger body: `$` in its paths becomes `prefix`."""
        moved = tuple(FieldProblem(prefix + e.path.removeprefix("$"), e.reason, e.accepted) for e in self.errors)
        return Refused(self.kind.name, _sentence(moved) or self.detail, errors=moved, headers=self.headers)


def invalid(path: str, reason: str, accepted: str) -> Refused:
    """Return the error for a body with one invalid field."""
    return invalid_fields((FieldProblem(path, reason, accepted),))


def invalid_fields(errors: tuple[FieldProblem, ...]) -> Refused:
    """Return the error for a body with these invalid fields."""
    return Refused("invalid-request", _sentence(errors), errors=errors)


def rate_limited(wait: float) -> Refused:
    """Return the error for a request that came `wait` seconds too early."""
    seconds = str(max(1, round(wait + 0.5)))
    return Refused("rate-limited", f"Try again in {seconds} s.", headers={"Retry-After": seconds})


def _sentence(errors: tuple[FieldProblem, ...]) -> str:
    return " ".join(f"{e.path} {e.reason}. Accepted: {e.accepted}." for e in errors)
