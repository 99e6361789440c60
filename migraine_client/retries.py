"""When a request is repeated, and after how many seconds.

Only requests that may be repeated are: all but feedback, whose reports are counted. Not here: sending
(`migraine_client.synchronous`, `migraine_client.asynchronous`).
"""

import random
from dataclasses import dataclass

import httpx

STATUSES = frozenset((429, 502, 503, 504))


@dataclass(frozen=True)
class Retries:
    """The number of attempts of a request, and the pause between them, which doubles from `first_seconds` to
    `most_seconds`. A `Retry-After` of the service goes before it; if that is longer than `most_seconds`, the request
    fails at once.
    """

    attempts: int = 4
    first_seconds: float = 0.5
    most_seconds: float = 30.0

    def __post_init__(self) -> None:
        if self.attempts < 1 or not 0 <= self.first_seconds <= self.most_seconds:
            raise ValueError("attempts must be at least 1, and 0 <= first_seconds <= most_seconds.")

    def pause(self, attempt: int, response: httpx.Response | None) -> float | None:
        """Return the seconds to wait after the failed `attempt` (from 1); None: do not repeat.

        `response` is None if there was no answer.
        """
        if attempt >= self.attempts or (response is not None and response.status_code not in STATUSES):
            return None
        wanted = response.headers.get("retry-after", "") if response is not None else ""
        if wanted.isascii() and wanted.isdigit():
            seconds = float(wanted[:9])
            return seconds if seconds <= self.most_seconds else None
        longest = min(self.first_seconds * 2.0 ** (attempt - 1), self.most_seconds)
        # Clients that failed together should not all return together.
        return longest * random.uniform(0.5, 1)
