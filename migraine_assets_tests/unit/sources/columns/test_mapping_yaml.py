"""The YAML of mapping files."""

import pytest

from migraine_assets.errors import ConfigurationError
from migraine_assets.sources.columns.mapping import parse_mapping


@pytest.mark.parametrize(("text", "problem"), [
    ("a: &a [1, 1]\nb: &b [*a, *a]\ncolumns: {sex: *b}", "aliases .* are not allowed"),
    ("columns: {sex: !!python/name:os.system x}", "the tag tag:yaml.org,2002:python/name:os.system is not allowed"),
    ("columns: {sex: !include other.yaml}", "the tag !include is not allowed"),
    ("columns: " + "[" * 10_000, "nested too deeply"),
    ("{a: " * 5_000, "nested too deeply"),
])  # fmt: skip
def test_yaml_that_a_mapping_never_needs_is_refused(text: str, problem: str) -> None:
    with pytest.raises(ConfigurationError, match=f"(?s)is not valid YAML: .*{problem}"):
        parse_mapping(text, name="m.yaml")
