"""Errors of the client: a problem that the service answered (RFC 9457), or no answer at all.

Not here: when a request is repeated (`migraine_client.retries`).
"""

import httpx
import msgspec

URN = "urn:migraine:problem:"


class FieldProblem(msgspec.Struct, frozen=True):
    """One invalid field: its path, the reason, and what is accepted."""

    path: str
    reason: str
    accepted: str


class ProblemDetails(msgspec.Struct, frozen=True):
    """The body of an error, RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldProblem] = []


class ClientError(Exception):
    """Base of the errors of the client."""


class Problem(ClientError):
    """The service refused a request. `name`: the last part of `type`, for example `invalid-request` (docs/api.md)."""

    def __init__(self, details: ProblemDetails) -> None:
        super().__init__(f"{details.title} ({details.status}): {details.detail}")
        self.details = details
        self.type, self.title, self.status = details.type, details.title, details.status
        self.detail, self.errors = details.detail, details.errors

    @property
    def name(self) -> str:
        """The name of the problem."""
        return self.type.removeprefix(URN)


class Unreachable(ClientError):
    """The service did not answer in time, or its answer cannot be read. The cause is chained."""


def problem_of(response: httpx.Response) -> Problem:
    """Return the problem of a response with an error status. A proxy may answer with something else than a problem."""
    try:
        details = msgspec.json.decode(response.content, type=ProblemDetails)
    except msgspec.DecodeError:
        reason = response.reason_phrase or "Error"
        details = ProblemDetails("about:blank", reason, response.status_code, "The answer has no details.")
    return Problem(details)
