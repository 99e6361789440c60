"""The check that a command can write to its home and store, before it does any work.

Not here: the folders of the home (`migraine_assets.settings`), what is written there (`stores`).
"""

import errno
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from migraine_assets.errors import ConfigurationError
from migraine_assets.settings import Settings
from migraine_assets.stores.store import Store

# A full disk is not among them: it is not an error of the configuration, and some commands free space.
NOT_WRITABLE = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST, errno.ENOENT})


# The folders in a home that commands write to, and the one that they read.
_WRITTEN, _READ = ("store", "reports", "dagster"), ("landing",)


def writable_settings() -> Settings:
    """Return the settings of a command that writes to `MIGRAINE_HOME`. Raises `ConfigurationError` if it cannot."""
    settings = Settings()
    require_writable(settings.root)
    return settings


def writable_store() -> Store:
    """Return the store of a command that writes to it and to nothing else. Raises `ConfigurationError` if it cannot."""
    settings = Settings()
    if settings.store_uri is None:
        require_writable(settings.root, folders=("store",))
    return Store(settings.store_location)


def require_writable(home: Path, *, folders: Sequence[str] = (*_WRITTEN, *_READ)) -> None:
    """Create `home` if it is missing. Raises `ConfigurationError` if a file cannot be created in it or in `folders`.

    A landing folder need only be readable. Folders that are missing are created later.
    """
    try:
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=home):
            pass
    except OSError as error:
        if error.errno in NOT_WRITABLE:
            raise ConfigurationError(
                f"MIGRAINE_HOME is {home}, which cannot be written: {error.strerror}. Change its permissions, or set "
                "MIGRAINE_HOME to a folder that you can write to."
            ) from error
    for name in folders:
        _require_folder(home / name, write=name not in _READ)


def _require_folder(folder: Path, *, write: bool) -> None:
    try:
        if not folder.exists():
            return
        if not folder.is_dir():
            raise ConfigurationError(f"{folder} is a file, but has to be a folder. Move it away.")
        inside = [entry for entry in folder.iterdir() if entry.is_dir()]
    except OSError as error:
        raise ConfigurationError(f"{folder} cannot be read: {error.strerror}. Change its permissions.") from error
    for path in (folder, *inside) if write else ():
        if not os.access(path, os.W_OK | os.X_OK):
            raise ConfigurationError(
                f"{path} cannot be written by this user. Restored with another owner, or read-only? Run `chown -R` and "
                f"`chmod -R u+rwX` on {folder.parent}."
            )
