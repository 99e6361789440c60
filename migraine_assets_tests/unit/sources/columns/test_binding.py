import pytest

from migraine_assets.core.contract import BY_NAME, NAMES
from migraine_assets.core.diary.aliases import ALIASES, canonical
from migraine_assets.errors import ConfigurationError, DataRefused
from migraine_assets.sources.columns.binding import Binding, bind, listed
from migraine_assets.sources.columns.mapping import parse_mapping
from migraine_assets_tests.unit.sources.diaries import sheet


def bound(binding: Binding) -> dict[str, int]:
    return {column.field.name: position for column, position in binding.columns}


@pytest.mark.parametrize("name", NAMES)
def test_every_contract_name_is_recognised_however_it_is_spelled(name: str) -> None:
    for spelled in (name, name.upper(), name.replace("_", " ").title(), name.replace("_", "")):
        assert bound(bind(sheet([spelled]), None)) == {name: 0}


@pytest.mark.parametrize("alias", ALIASES, ids=lambda alias: alias.name)
def test_every_alias_is_recognised(alias) -> None:
    assert bound(bind(sheet([alias.name.title()]), None)) == {alias.field: 0}


def test_no_alias_is_a_contract_name_or_given_twice() -> None:
    spelled = [canonical(alias.name) for alias in ALIASES]
    assert len(set(spelled)) == len(spelled)
    assert not set(spelled) & {canonical(name) for name in NAMES}
    assert all(alias.field in BY_NAME for alias in ALIASES)


def test_headache_is_not_guessed_to_be_migraine() -> None:
    binding = bind(sheet(["headache", "age"]), None)
    assert bound(binding) == {"age": 1}
    assert binding.kept_out == ("headache",)


def test_the_fields_own_name_wins_over_an_alias_and_the_other_is_kept_out() -> None:
    binding = bind(sheet(["id", "Gender", "Participant ID", "sex"]), None)
    assert bound(binding) == {"participant_id": 2, "sex": 3}
    assert binding.kept_out == ("id", "Gender")


def test_a_unit_in_brackets_converts() -> None:
    ((column, _),) = bind(sheet(["Sleep hours (min)"]), None).columns
    assert column.scale == pytest.approx(1 / 60)


@pytest.mark.parametrize(
    "header", ["Stress level (1-10)", "Gender (0 male, 1 female)", "Yawning [yes/no]", "age (years)"]
)
def test_bounds_and_codings_in_brackets_are_not_units(header: str) -> None:
    ((column, _),) = bind(sheet([header]), None).columns
    assert column.scale == 1


def test_a_column_with_an_unknown_unit_is_ignored() -> None:
    assert bind(sheet(["sleep_hours (moons)"]), None).kept_out == ("sleep_hours (moons)",)


@pytest.mark.parametrize("header", [["exercise", "exercise"], ["Exercise", "exercise"], ["gender", "Gender"]])
def test_two_columns_for_one_field_are_refused(header: list[str]) -> None:
    with pytest.raises(DataRefused, match=r"diary\.csv has 2 columns called"):
        bind(sheet(header), None)


def test_duplicates_of_an_ignored_column_are_noted() -> None:
    binding = bind(sheet(["age", "x", "x"]), None)
    assert binding.notes == ("diary.csv has several columns of the same name; none of them is read: 'x'.",)


def test_a_mapping_reads_only_what_it_names() -> None:
    mapping = parse_mapping("columns: {age: A}", name="m")
    assert bound(bind(sheet(["sex", "a"]), mapping)) == {"age": 1}
    both = parse_mapping("columns: {age: A}\nmatch_names: true", name="m")
    assert bound(bind(sheet(["sex", "a", "age"]), both)) == {"age": 1, "sex": 0}


def test_a_mapping_chooses_among_columns_of_one_name() -> None:
    mapping = parse_mapping("columns: {physical_activity: 'exercise#2'}", name="m")
    assert bound(bind(sheet(["exercise", "x", "exercise"]), mapping)) == {"physical_activity": 2}
    with pytest.raises(DataRefused, match="'exercise#1' is the first"):
        bind(sheet(["exercise", "exercise"]), parse_mapping("columns: {exercise: exercise}", name="m"))


@pytest.mark.parametrize("column", ["pateint", "patient#2"])
def test_a_missing_column_is_refused_with_the_nearest(column: str) -> None:
    with pytest.raises(ConfigurationError, match=r"does not have\. Did you mean 'Patient'"):
        bind(sheet(["Patient"]), parse_mapping(f"columns: {{participant_id: '{column}'}}", name="m"))


def test_long_lists_of_names_are_cut() -> None:
    assert listed(["a", "b", "c"], limit=2) == "'a', 'b' and 1 more"
