"""The identity of a delivery: the MD5 that DVC records for the same files.

Here belongs hashing of bytes already in hand. Not here: reading or keeping files.

DVC (version 3) identifies a file by the MD5 of its bytes, line ends untouched, and a folder by the MD5 of a
JSON listing of its files, sorted by relative path, with `.dir` appended. MD5 names content here; it protects
nothing.
"""

import hashlib
import json
from collections.abc import Iterable

DIRECTORY_SUFFIX = ".dir"


def md5(content: bytes) -> str:
    """The MD5 of `content`, 32 lower-case hexadecimal digits."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def directory_listing(entries: Iterable[tuple[str, str]]) -> bytes:
    """The listing that DVC stores for a folder, from pairs (relative path with forward slashes, MD5)."""
    listed = [{"md5": digest, "relpath": path} for path, digest in sorted(entries)]
    return json.dumps(listed, sort_keys=True).encode()


def directory_md5(entries: Iterable[tuple[str, str]]) -> str:
    """The identity of a folder: the MD5 of its listing, then `.dir`."""
    return md5(directory_listing(entries)) + DIRECTORY_SUFFIX
