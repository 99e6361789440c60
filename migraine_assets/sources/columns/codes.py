"""Codes whose meaning depends on the whole column: sex as 1 and 2, counts in a flag, 1 and 2 for yes and no.

If several readings are possible, a note reports the one that was chosen. If none can be chosen, the column is refused.
Not here: words (`sources.columns.words`), units and scales (`sources.columns.plausibility`).
"""

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from migraine_assets.core.contract import ATTACK
from migraine_assets.errors import DataRefused
from migraine_assets.sources.columns.advice import mapping_line, recoding, remedy
from migraine_assets.sources.columns.mapping import Column

_ISO_5218 = {"0": "", "1": "M", "2": "F", "9": ""}
_BINARY = {"0": "M", "1": "F"}

# The largest plausible number of attacks on one day; a larger number is probably an intensity.
_MOST_ATTACKS = 4
# Up to this share, codes other than 0 and 1 are treated as errors; above it, the flag is a count or a scale.
_ERROR_SHARE = 0.05

_INTENSITY = " If it is the intensity, also map migraine_severity to '{}'."


def sex_codes(column: Column, codes: Collection[str], file: str) -> tuple[dict[str, str], str | None]:
    """Return the meaning of numeric codes of sex ("" for unknown), and a note that states it.

    Raises `DataRefused` if 1 may be a woman (in a coding as 0 and 1) or a man (ISO 5218: 1 and 2).
    """
    numeric = set(codes) & set(_ISO_5218)
    if not numeric:
        return {}, None
    if "2" in numeric:
        return _ISO_5218, "with 1 as M, 2 as F (ISO 5218)"
    if "0" in numeric and "9" not in numeric:
        return _BINARY, "with 0 as M, 1 as F"
    line = mapping_line("sex", column.column, recode=recoding(dict.fromkeys(sorted(numeric - {"9"}), "F")))
    raise DataRefused(
        f"{file}: column '{column.column}' contains only the codes {', '.join(sorted(numeric))} for sex, and 1 may be "
        f"male (ISO 5218) or female. State the codes. {remedy(line)} (or M)."
    )


def settle_flags(column: Column, values: NDArray[np.float64], file: str) -> tuple[NDArray[np.float64], str | None]:
    """Return the values of a flag with positive counts replaced by 1, and a note on them; other codes are unchanged.

    Raises `DataRefused` if the values are codes or a scale of unknown meaning.
    """
    other = ~((values == 0) | (values == 1) | np.isnan(values))
    if not other.any():
        return values, None
    known = values[~np.isnan(values)]
    distinct = np.unique(known)
    share = np.count_nonzero(other) / len(known)
    whole = bool((distinct == np.round(distinct)).all() and distinct.min() >= 0)
    if set(distinct.tolist()) <= {1.0, 2.0} and len(known) >= 2:
        line = mapping_line(column.field.name, column.column, recode=recoding({"1": 1, "2": 0}))
        raise DataRefused(
            f"{file}: column '{column.column}' contains only 1 and 2, which may be codes for yes and no. State what "
            f"they mean. {remedy(line)}"
        )
    counted = column.field.name == ATTACK or share > _ERROR_SHARE
    if whole and counted and 0 in distinct and distinct.max() <= _MOST_ATTACKS:
        return np.where(values > 1, 1.0, values), f"with every count above 0 (up to {distinct.max():g}) as yes"
    if share > _ERROR_SHARE and len(known) >= 20:
        line = mapping_line(column.field.name, column.column, recode=recoding({"0": 0, "*": 1}))
        raise DataRefused(
            f"{file}: column '{column.column}' goes from {distinct.min():g} to {distinct.max():g}, but "
            f"{column.field.name} is yes or no. If every value above 0 means yes, state it. {remedy(line)}"
            + (_INTENSITY.format(column.column) if column.field.name == ATTACK else "")
        )
    return values, None
