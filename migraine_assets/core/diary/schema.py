"""Pandera schemas of a diary, derived from the contract alone.

They describe a frame as a whole. Not here: the quarantine of single rows (`core.diary.validation`).
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pandera.pandas as pa

from migraine_assets.core.contract import CONTRACT, PROVENANCE, Contract, Field

# Columns that the sources add to a raw frame: notes on unreadable cells and on superseded rows.
NOTES: tuple[str, ...] = ("unreadable", "superseded")

_TEXT = ("string", "empty")


def raw_schema(contract: Contract = CONTRACT) -> pa.DataFrameSchema:
    """Return the schema of a raw frame: all contract and provenance columns, of roughly the right type.

    Other columns, values out of bounds, nulls and contradictions are allowed; validation handles them later.
    """
    columns = {field.name: _raw_column(field) for field in contract.fields}
    return pa.DataFrameSchema(columns | _provenance(required=True), name="raw diary", strict=False)


def validated_schema(contract: Contract = CONTRACT) -> pa.DataFrameSchema:
    """Return the schema of a validated frame: exact types, bounds and categories, and no other columns.

    Keys are not null, except that `date` is null on all rows of a source without dates.
    """
    columns = {field.name: _strict_column(field) for field in contract.fields}
    return pa.DataFrameSchema(columns | _provenance(required=False), name="validated diary", strict=True)


def _raw_column(field: Field) -> pa.Column:
    is_type, name = _COARSE[field.kind]
    check = pa.Check(lambda column: is_type(column) or bool(column.isna().all()), name=name, ignore_na=False)
    return pa.Column(None, check, nullable=True, description=field.description)


def _strict_column(field: Field) -> pa.Column:
    dtype = {"number": "float64", "flag": "float64", "date": "datetime64[ns]"}.get(field.kind)
    nullable = field.name != "participant_id"
    return pa.Column(dtype, _strict_checks(field), nullable=nullable, description=field.description)


def _strict_checks(field: Field) -> list[pa.Check]:
    if field.kind == "date":
        return [_check(_all_or_none_null, "dates on all rows or on none"), _check(_whole_days, "whole days")]
    if field.kind == "flag":
        return [_cell_check(lambda column: column.isna() | (column == 0.0) | (column == 1.0), "isin((0.0, 1.0))")]
    if field.kind == "number":
        return _bounds(field)
    text = _check(_is_text, "text")
    if field.kind == "category":
        return [text, pa.Check.isin(field.categories)]
    return [text, _check(_none_blank, "not blank")]


def _bounds(field: Field) -> list[pa.Check]:
    checks = [_check(_finite, "finite")]
    if field.low is not None:
        checks.append(_cell_check(lambda column: ~(column < field.low), f"greater_than_or_equal_to({field.low})"))
    if field.high is not None:
        checks.append(_cell_check(lambda column: ~(column > field.high), f"less_than_or_equal_to({field.high})"))
    return checks


def _provenance(*, required: bool) -> dict[str, pa.Column]:
    file, row = PROVENANCE
    return {
        file: pa.Column(None, _check(_is_text, "text"), required=required),
        # 0: a day that no file lists, and that had no attack as the mapping states.
        row: pa.Column("int64", pa.Check.ge(0), required=required),
    }


def _check(holds: Callable[[pd.Series], bool], name: str) -> pa.Check:
    return pa.Check(holds, name=name, error=name, ignore_na=False)


def _cell_check(holds: Callable[[pd.Series], "pd.Series[bool]"], name: str) -> pa.Check:
    """Return a check of each cell, whose nulls hold. Pandera's own checks copy a column to leave out its nulls."""
    return pa.Check(holds, name=name, error=name, ignore_na=False)


def _is_text(column: pd.Series) -> bool:
    """Return whether every value that is not null is a `str`, whatever the dtype of the column."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return pd.api.types.infer_dtype(column.cat.categories, skipna=True) in _TEXT
    return pd.api.types.infer_dtype(column, skipna=True) in _TEXT


def _none_blank(column: pd.Series) -> bool:
    return all(str(value).strip() for value in column.dropna().unique())


def _finite(column: pd.Series) -> bool:
    return not np.isinf(column.to_numpy()).any()


def _all_or_none_null(column: pd.Series) -> bool:
    missing = column.isna()
    return bool(missing.all() or not missing.any())


def _whole_days(column: pd.Series) -> bool:
    return bool((column.dt.normalize() == column)[column.notna()].all())


_COARSE: dict[str, tuple[Callable[[pd.Series], bool], str]] = {
    "string": (_is_text, "text"),
    "category": (_is_text, "text"),
    "date": (pd.api.types.is_datetime64_any_dtype, "dates"),
    "number": (pd.api.types.is_numeric_dtype, "numbers"),
    "flag": (pd.api.types.is_numeric_dtype, "numbers"),
}
