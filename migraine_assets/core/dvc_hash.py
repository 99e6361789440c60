"""The MD5 hash that DVC records for a file or folder.

DVC (version 3) identifies a file by the MD5 of its bytes, with line endings unchanged, and a folder by the MD5 of a
JSON listing of its files, sorted by relative path, with `.dir` appended. MD5 identifies content here and has no
security purpose. Not here: storing files (`stores.assets.delivery_files`).
"""

import hashlib
import json
from collections.abc import Iterable
from typing import BinaryIO

DIRECTORY_SUFFIX = ".dir"
_PART_BYTES = 1 << 20


def md5(content: bytes) -> str:
    """Return the MD5 of `content` as 32 lowercase hexadecimal digits."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def md5_of(file: BinaryIO) -> tuple[str, int]:
    """Return the MD5 of the rest of a stream, and its number of bytes."""
    digest, size = hashlib.md5(usedforsecurity=False), 0
    while part := file.read(_PART_BYTES):
        digest.update(part)
        size += len(part)
    return digest.hexdigest(), size


def directory_listing(entries: Iterable[tuple[str, str]]) -> bytes:
    """Return the listing that DVC stores for a folder; `entries` are pairs of relative path (with /) and MD5."""
    listing = [{"md5": digest, "relpath": path} for path, digest in sorted(entries)]
    return json.dumps(listing, sort_keys=True).encode()


def directory_md5(entries: Iterable[tuple[str, str]]) -> str:
    """Return the hash of a folder: the MD5 of its listing followed by `.dir`."""
    return md5(directory_listing(entries)) + DIRECTORY_SUFFIX
