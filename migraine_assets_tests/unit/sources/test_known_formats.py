import pytest

from migraine_assets.sources.known_formats import FORMATS, KOSTECKI_DILLON, KnownFormat, recognize, shipped_mapping

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
    assert {column.column for column in mapping.columns} <= form.columns
