import pytest

from migraine_assets.sources.known_formats import FORMS, KOSTECKI_DILLON, Form, recognise, shipped_mapping

HEADER = ("id", "time", "dos", "hatype", "age", "airq", "medication", "headache", "sex")


@pytest.mark.parametrize("header", [HEADER, ("rownames", *HEADER), ("", *HEADER), tuple(reversed(HEADER))])
def test_a_published_header_is_recognised(header: tuple[str, ...]) -> None:
    assert recognise(header) is KOSTECKI_DILLON


@pytest.mark.parametrize("header", [HEADER[1:], (*HEADER, "migraine_occurrence"), ("headache",), ()])
def test_a_header_that_lacks_or_adds_a_column_is_another_diary(header: tuple[str, ...]) -> None:
    assert recognise(header) is None


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_every_form_ships_a_mapping_of_its_own_columns(form: Form) -> None:
    mapping = shipped_mapping(form)
    assert mapping.description
    assert {column.column for column in mapping.columns} <= form.columns
