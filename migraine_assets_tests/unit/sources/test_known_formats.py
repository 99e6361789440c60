from pathlib import Path

import pytest

from migraine_assets.core.contract import CONTRACT
from migraine_assets.errors import ConfigurationError
from migraine_assets.sources.files.limits import DEFAULT
from migraine_assets.sources.known_formats import (
    FORMATS,
    KOSTECKI_DILLON,
    PARK_2016,
    KnownFormat,
    read_mapping,
    recognize,
    shipped_mapping,
)

HEADER = ("id", "time", "dos", "hatype", "age", "airq", "medication", "headache", "sex")


@pytest.mark.parametrize("header", [HEADER, ("rownames", *HEADER), ("", *HEADER), tuple(reversed(HEADER))])
def test_a_published_header_is_recognized(header: tuple[str, ...]) -> None:
    assert recognize(header) is KOSTECKI_DILLON


@pytest.mark.parametrize("header", [HEADER[1:], (*HEADER, "migraine_occurrence"), ("headache",), ()])
def test_a_missing_or_extra_column_is_another_format(header: tuple[str, ...]) -> None:
    assert recognize(header) is None


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_every_format_has_a_mapping_of_its_columns(form: KnownFormat) -> None:
    mapping = shipped_mapping(form)
    assert mapping.description
    assert {column.column.partition("#")[0].casefold() for column in mapping.columns} <= form.columns


def test_a_published_file_may_have_columns_that_nobody_reads() -> None:
    header = (*sorted(PARK_2016.columns), "ID", "Other")
    assert recognize(header) is PARK_2016
    assert recognize(header[1:]) is None


def test_a_shipped_mapping_has_a_name_unless_there_is_a_file_of_that_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert read_mapping("park2016", limits=DEFAULT, contract=CONTRACT) == shipped_mapping(PARK_2016)
    Path("park2016").write_text("{columns: {migraine_occurrence: attack}}")
    assert [column.column for column in read_mapping("park2016", limits=DEFAULT, contract=CONTRACT).columns] == [
        "attack"
    ]
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_mapping("park2017", limits=DEFAULT, contract=CONTRACT)
