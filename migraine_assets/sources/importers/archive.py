"""ZIP archives: the diary files in them, within limits.

Not here: workbooks, which are archives too (`sources.importers.formats.workbook`).
"""

import io
import posixpath
import zipfile
import zlib
from functools import partial
from typing import IO, Any, BinaryIO

from migraine_assets.errors import DataRefused
from migraine_assets.sources.files.delivery import HEAD, SourceFile, source_file
from migraine_assets.sources.files.limits import MIB, SourceLimits, exceeded
from migraine_assets.sources.importers.formats.workbook import WORKBOOK, is_workbook
from migraine_assets.sources.importers.registry import is_streamed


def unpacked(file: SourceFile, limits: SourceLimits) -> tuple[SourceFile, ...]:
    """Return the files in a ZIP archive, sorted by name; any other file unchanged.

    Raises `DataRefused` for an archive that is damaged, is encrypted, contains another archive, or exceeds `limits`.
    """
    if not file.head().startswith(b"PK\x03\x04"):
        return (file,)
    try:
        with file.open() as content, zipfile.ZipFile(content) as archive:
            if is_workbook(archive.namelist()):
                return (file,)
            return _members(file, archive, limits)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, zlib.error) as error:
        raise DataRefused(f"{file.name} is a damaged or encrypted ZIP archive ({error}). Unpack it.") from error


def _members(file: SourceFile, archive: zipfile.ZipFile, limits: SourceLimits) -> tuple[SourceFile, ...]:
    members = sorted((member for member in archive.infolist() if _is_file(member)), key=lambda member: member.filename)
    if not members:
        raise DataRefused(f"{file.name} is an empty ZIP archive. Provide a diary.")
    if len(members) > limits.files:
        raise exceeded(file.name, f"contains {len(members):,} files", "files", limits.files)
    files, remaining = [], limits.expanded_mib * MIB
    for member in members:
        files.append(_member(file, archive, member, remaining, limits))
        remaining -= files[-1].size if isinstance(files[-1].stored, bytes) else 0
    return tuple(files)


def _member(
    file: SourceFile, archive: zipfile.ZipFile, member: zipfile.ZipInfo, remaining: int, limits: SourceLimits
) -> SourceFile:
    with archive.open(member) as part:
        head = part.read(HEAD)
        if is_streamed(head) and member.file_size <= limits.streamed_mib * MIB:
            # At most the stated size is unpacked; a wrong size is an error.
            return SourceFile(member.filename, "", member.file_size, partial(_opened, file, member.filename))
        content = head + part.read(remaining + 1 - len(head))
    if len(content) > remaining:
        raise exceeded(file.name, "unpacks to more", "expanded_mib", limits.expanded_mib)
    if content.startswith(b"PK\x03\x04") and not WORKBOOK.recognizes(content):
        raise DataRefused(f"{file.name} contains another archive, {member.filename}. Unpack it.")
    return source_file(member.filename, content)


def _opened(file: SourceFile, member: str) -> BinaryIO:
    outer = file.open()
    archive = zipfile.ZipFile(outer)
    return io.BufferedReader(_Member(archive.open(member), archive, outer), HEAD)


class _Member(io.RawIOBase):
    """A member of an archive; closing it also closes the archive."""

    def __init__(self, content: IO[bytes], *behind: IO[bytes] | zipfile.ZipFile) -> None:
        super().__init__()
        self._content, self._open = content, (content, *behind)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        part = self._content.read(len(buffer))
        buffer[: len(part)] = part
        return len(part)

    def close(self) -> None:
        for file in self._open:
            file.close()
        super().close()


def _is_file(member: zipfile.ZipInfo) -> bool:
    leaf = posixpath.basename(member.filename)
    return not member.is_dir() and not leaf.startswith(".") and not member.filename.startswith("__MACOSX/")
