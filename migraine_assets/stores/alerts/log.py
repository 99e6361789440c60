"""The alert log `alerts.log` under home: one JSON object per line, independent of the channels.

This module appends and rotates. Not here: the entries, and the lock between processes (`stores.alerts.notifier`).
"""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from migraine_assets.stores.file_modes import append_file, closing_file, write_all

NAME = "alerts.log"
MOST_BYTES, GENERATIONS = 5_000_000, 5


def append(path: Path, entries: "list[Mapping[str, Any]]", *, most_bytes: int = MOST_BYTES) -> bool:
    """Append a line for each entry; return False if that failed.

    Never raises, because a full disk must not prevent the message.
    """
    lines = "".join(f"{json.dumps(dict(entry), ensure_ascii=False)}\n" for entry in entries).encode()
    try:
        _rotate(path, added=len(lines), most_bytes=most_bytes)
        # If a full disk truncated the last line, begin a new one.
        start = b"\n" if _is_torn(path) else b""
        with closing_file(append_file(path)) as file:
            write_all(file, start + lines)
    except OSError:
        return False
    return True


def _rotate(path: Path, *, added: int, most_bytes: int) -> None:
    if not path.exists() or path.stat().st_size + added <= most_bytes:
        return
    for number in range(GENERATIONS - 1, 0, -1):
        with suppress(FileNotFoundError):
            os.replace(_generation(path, number), _generation(path, number + 1))
    os.replace(path, _generation(path, 1))


def _generation(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.{number}")


def _is_torn(path: Path) -> bool:
    if not path.exists() or not path.stat().st_size:
        return False
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"
