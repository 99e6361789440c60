import datetime

import pytest

from migraine_assets.errors import ConfigurationError
from migraine_assets.sources.columns.mapping import normal, parse_mapping

WHOLE = """
description: A diary
horizon: 0
columns:
  participant_id: Patient
  date: {column: day, epoch: 1990-01-01}
  duration_h: {column: minutes, unit: min}
  weather_pressure: {column: p, scale: 2, offset: -1.5}
  migraine_occurrence: {column: attack, recode: {yes: 1, no: 0, 9.0: null}}
constants: {sex: F}
match_names: true
"""


def test_every_key_of_a_mapping() -> None:
    mapping = parse_mapping(WHOLE, name="m.yaml")
    columns = {column.field.name: column for column in mapping.columns}
    assert list(columns) == ["participant_id", "date", "weather_pressure", "migraine_occurrence", "duration_h"]
    assert columns["date"].epoch == datetime.date(1990, 1, 1)
    assert columns["duration_h"].scale == pytest.approx(1 / 60)
    assert (columns["weather_pressure"].scale, columns["weather_pressure"].offset) == (2, -1.5)
    assert columns["migraine_occurrence"].recode == {"yes": "1", "no": "0", "9": "null"}
    assert (mapping.horizon, mapping.description, mapping.match_names) == (0, "A diary", True)
    assert mapping.constants == {"sex": "F"}
    assert mapping.text == WHOLE


def test_yes_and_no_stay_text() -> None:
    (column,) = parse_mapping("columns: {sex: {column: s, recode: {Y: F, no: M}}}", name="m").columns
    assert column.recode == {"y": "F", "no": "M"}


@pytest.mark.parametrize(("text", "sentence"), [
    ("colums: {age: a}", r"m\.yaml has the unknown key 'colums'. Did you mean 'columns'"),
    ("columns: {migrane_occurence: a}", "contract field 'migrane_occurence'. Did you mean 'migraine_occurrence'"),
    ("columns: {age: {colunm: a}}", "unknown key 'colunm'. Did you mean 'column'"),
    ("columns: {age: a}\nconstants: {sx: F}", "unknown contract field 'sx'. Did you mean 'sex'"),
    ("columns: {age: a}\nhorizon: 8", "'horizon' of m.yaml is '8'"),
    ("columns: {duration_h: {column: a, unit: mmHg}}", "unknown unit 'mmHg'. Known units: h, min, s, d"),
    ("columns: {stress_level: {column: a, unit: percent}}", "Known units: a scale such as 1-5"),
    ("columns: {age: {column: a, scale: ten}}", "'ten', which is not a number"),
    ("columns: {date: {column: a, epoch: 1/1/90}}", "not a date like 1990-01-31"),
    ("columns: {date: {column: a, epoch: 1990-01-01, format: '%d'}}", "both 'format' and 'epoch'"),
    ("columns: {age: {column: a, epoch: 1990-01-01}}", "'epoch', which does not apply to a number"),
    ("columns: {sex: {column: a, scale: 2}}", "'scale', which does not apply to a category"),
    ("columns: {age: {unit: years}}", "names no column"),
    ("columns: {age: [a, b]}", "must be a table"),
    ("columns: {age: {column: [a]}}", "is a list or a table, but must be a single value"),
    ("columns: {age: a}\nconstants: {age: 30}", "gives age both a column and a constant"),
    ("columns: {age: a}\nmatch_names: perhaps", "true or false"),
    ("constants: {sex: F}", "has no 'columns'"),
    ("", "has no 'columns'"),
    ("- a\n- b", "must be a table"),
    ("columns: {age: 'a", "not valid YAML"),
    ("columns: {age: a, sex: s, age: b}", "duplicate key 'age'"),
    ("columns: {age: {column: a, scale: nan}}", "'nan', which is not a finite number"),
    ("columns: {age: {column: a, offset: inf}}", "'inf', which is not a finite number"),
    ("columns: {age: {column: a, scale: 0}}", "is 0, which would make every value the same"),
])  # fmt: skip
def test_a_wrong_mapping_is_refused_with_the_remedy(text: str, sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        parse_mapping(text, name="m.yaml")


def test_cells_are_normalized_for_comparison() -> None:
    assert normal(" Yes ") == "yes"
    assert normal("1.0") == normal("1") == normal("01")
    assert normal("1.5") != normal("1")
