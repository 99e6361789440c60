"""ZIP archives: the diary files in them, within limits.

Not here: workbooks, which are archives too (`sources.importers.formats.workbook`).
"""

import io
import posixpath
import zipfile
import zlib

from migraine_assets.errors import DataRefused
from migraine_assets.sources.files.delivery import SourceFile, source_file
from migraine_assets.sources.files.limits import MIB, SourceLimits, exceeded
from migraine_assets.sources.importers.formats.workbook import WORKBOOK


def unpacked(file: SourceFile, limits: SourceLimits) -> tuple[SourceFile, ...]:
    """Return the files in a ZIP archive, sorted by name; any other file unchanged.

    Raises `DataRefused` for an archive that is damaged, is encrypted, contains another archive, or exceeds `limits`.
    """
    if not file.content.startswith(b"PK\x03\x04") or WORKBOOK.recognizes(file.content):
        return (file,)
    try:
        with zipfile.ZipFile(io.BytesIO(file.content)) as archive:
            return _members(file.name, archive, limits)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, zlib.error) as error:
        raise DataRefused(f"{file.name} is a damaged or encrypted ZIP archive ({error}). Unpack it.") from error


def _members(name: str, archive: zipfile.ZipFile, limits: SourceLimits) -> tuple[SourceFile, ...]:
    members = sorted((member for member in archive.infolist() if _is_file(member)), key=lambda member: member.filename)
    if not members:
        raise DataRefused(f"{name} is an empty ZIP archive. Provide a diary.")
    if len(members) > limits.files:
        raise exceeded(name, f"contains {len(members):,} files", "files", limits.files)
    files, remaining = [], limits.expanded_mib * MIB
    for member in members:
        with archive.open(member) as part:
            content = part.read(remaining + 1)
        if len(content) > remaining:
            raise exceeded(name, "unpacks to more", "expanded_mib", limits.expanded_mib)
        remaining -= len(content)
        if content.startswith(b"PK\x03\x04") and not WORKBOOK.recognizes(content):
            raise DataRefused(f"{name} contains another archive, {member.filename}. Unpack it.")
        files.append(source_file(member.filename, content))
    return tuple(files)


def _is_file(member: zipfile.ZipInfo) -> bool:
    leaf = posixpath.basename(member.filename)
    return not member.is_dir() and not leaf.startswith(".") and not member.filename.startswith("__MACOSX/")
