"""Prediction ids: making new ones, and verifying those that come back with feedback.

Not here: the format and signature of an id (`stores.prediction_log.prediction_ids`), the log itself
(`serving.log.writer`).
"""

import os
import threading
import time

from migraine_assets.stores.prediction_log import prediction_ids


class PredictionIds:
    """Ids signed with `secret`. All replicas share it, so each can verify the ids of the others."""

    def __init__(self, secret: bytes) -> None:
        self._secret, self._random = secret, RandomBytes()

    def make(self, count: int) -> list[str]:
        """Make `count` new ids."""
        return prediction_ids.make_ids(self._secret, count, time=time.time(), random=self._random)

    def is_genuine(self, prediction_id: str) -> bool:
        """Return whether a replica of this service made `prediction_id`."""
        return prediction_ids.is_genuine(self._secret, prediction_id)


class RandomBytes:
    """Buffered `os.urandom`, because each system call lets other threads take the interpreter lock."""

    def __init__(self, *, buffer: int = 1 << 16) -> None:
        self._buffer, self._bytes, self._lock = buffer, memoryview(b""), threading.Lock()

    def __call__(self, count: int) -> bytes:
        with self._lock:
            if len(self._bytes) < count:
                self._bytes = memoryview(os.urandom(max(self._buffer, count)))
            taken, self._bytes = self._bytes[:count], self._bytes[count:]
        return bytes(taken)
