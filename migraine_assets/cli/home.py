"""The check that a command can write to its home and store, before it does any work.

Not here: the folders of the home (`migraine_assets.settings`), what is written there (`stores`).
"""

import errno
import tempfile
from pathlib import Path

from migraine_assets.errors import ConfigurationError
from migraine_assets.settings import Settings
from migraine_assets.stores.store import Store

# A full disk is not among them: it is not an error of the configuration, and some commands free space.
NOT_WRITABLE = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST, errno.ENOENT})


def writable_settings() -> Settings:
    """Return the settings of a command that writes to `MIGRAINE_HOME`. Raises `ConfigurationError` if it cannot."""
    settings = Settings()
    require_writable(settings.root)
    return settings


def writable_store() -> Store:
    """Return the store of a command that writes to it and to nothing else. Raises `ConfigurationError` if it cannot."""
    settings = Settings()
    if settings.store_uri is None:
        require_writable(settings.root)
    return Store(settings.store_location)


def require_writable(home: Path) -> None:
    """Create `home` if it is missing. Raises `ConfigurationError` if a file cannot be created in it."""
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
