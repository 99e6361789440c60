"""The manifest has one canonical form, and its reader refuses everything except a complete, known document."""

import json
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migraine_assets.core.contract import CONTRACT, Bounds
from migraine_assets.core.diary.cleaning import Clip, cleaning_for
from migraine_assets.core.features.outcome import AttackDefinition, OutcomeDefinition
from migraine_assets.core.features.plan import compile_recipe
from migraine_assets.core.features.table import recipe_of
from migraine_assets.errors import BundleRefused
from migraine_assets.stores.bundles.manifest import canonical, outcome_of, sha256
from migraine_assets.stores.bundles.manifest_reader import parse
from migraine_assets_tests.unit.stores.bundles.example_bundles import FEATURES, example_manifest

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
CONTENT: dict[str, Any] = json.loads(example_manifest().canonical())


def _altered(**changes: Any) -> bytes:
    return canonical(CONTENT | changes)


def _with(path: str, value: Any) -> bytes:
    """Return the example with `value` at `path` (names and positions, joined by dots)."""
    content = json.loads(json.dumps(CONTENT))
    *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    part = content
    for name in parents:
        part = part[name]
    part[last] = value
    return canonical(content)


def test_what_is_written_is_read_back() -> None:
    manifest = example_manifest()
    assert parse(manifest.canonical(), where="x") == manifest
    assert (manifest.output, manifest.severity_kind, manifest.names) == ("probability", None, FEATURES)


def test_it_says_everything_that_is_needed_to_compute_its_inputs() -> None:
    """The bound and the clip differ from those of the source."""
    contract = CONTRACT.with_bounds({"hydration": Bounds(high=15)})
    recipe = recipe_of(contract, cleaning_for(contract, (Clip("hydration", None, 12.0),)))
    own = recipe.narrowed(("hydration", "sleep_index"))
    manifest = example_manifest(
        contract=own.fields, cleaning=own.cleaning, quantities=own.quantities, features=own.features
    )
    read = parse(manifest.canonical(), where="x")
    assert read.recipe == own
    assert compile_recipe(read.recipe).names == ("hydration", "sleep_index")
    assert read.recipe.contract.by_name["hydration"].high == 15
    assert read.cleaning.clips == (Clip("hydration", None, 12.0),)
    # It contains only fields that the features depend on.
    assert {field.name for field in read.contract} == {"hydration", "sleep_hours", "sleep_quality", "screen_time"}


def test_a_whole_number_in_place_of_a_float_does_not_change_the_hash() -> None:
    clipped = [example_manifest(cleaning=cleaning_for(CONTRACT, (Clip("hydration", None, end),))) for end in (5, 5.0)]
    assert clipped[0].canonical() == clipped[1].canonical()


@settings(max_examples=50)
@given(content=st.dictionaries(st.text(), _JSON, max_size=4))
def test_the_canonical_form_does_not_depend_on_the_order_of_keys(content: dict[str, Any]) -> None:
    turned = dict(reversed(content.items()))
    assert canonical(content) == canonical(turned)
    assert json.loads(canonical(content)) == content


def test_the_canonical_form_of_a_manifest_has_sorted_keys() -> None:
    assert list(CONTENT) == sorted(CONTENT)
    assert list(CONTENT["contract"][0]) == sorted(CONTENT["contract"][0])
    assert example_manifest().canonical() == msgspec.json.encode(CONTENT, order="sorted")


def test_numbers_of_numpy_are_plain_numbers() -> None:
    assert canonical({"b": np.float64(1.5), "a": np.arange(2), "c": np.int8(3)}) == b'{"a":[0,1],"b":1.5,"c":3}'
    tuned = example_manifest(params={"C": np.float64(0.5), "n": np.int64(3)})
    assert json.loads(tuned.canonical())["params"] == {"C": 0.5, "n": 3}


def test_what_json_does_not_have_is_an_error() -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        canonical({"a": float("nan")})
    with pytest.raises(TypeError, match="cannot contain a value of type object"):
        canonical({"a": object()})


def test_a_changed_number_changes_the_hash() -> None:
    assert sha256(_altered(threshold=0.31)) != sha256(example_manifest().canonical())


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is not JSON"),
        (b'{"format": 1', "is not JSON"),
        (b"\xff\xfe", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"[]", "has format None; this version reads 1, 2"),
        (b"{}", "has format None"),
        (_altered(format=3), "has format 3; this version reads 1, 2"),
        (_altered(format=True), "has format True"),
        (_altered(format=[]), r"has format \[\]"),
        (_altered(format=1), "is not valid"),
        (_altered(surprise=1), "surprise"),
        (_with("features.0.surprise", 1), r"does not know: \$.features\[0\].surprise"),
        (_with("contract.0.surprise", None), r"does not know: \$.contract\[0\].surprise"),
        (_with("cleaning.clips.0.surprise", 1), r"does not know: \$.cleaning.clips\[0\].surprise"),
        (b'{"format": 2, "task": "attack"}', "missing required field"),
        (_altered(task="pain"), "pain"),
        (_altered(features=[]), "does not name each feature once"),
        (_altered(features=[CONTENT["features"][0]] * 2), "does not name each feature once"),
        (_altered(features=["a"]), r"features\[0\]"),
        (_with("contract.0.kind", "mood"), r"contract\[0\].kind"),
        (_with("cleaning.contradictions.0.when.0.comparison", "near"), "comparison"),
        (_altered(threshold="high"), "threshold"),
        (_altered(horizon=True), "horizon"),
        (_altered(base_rate=None), "base_rate"),
        (_with("outcome.kind", "burden"), "for the task 'attack', but its outcome is 'burden'"),
        (_altered(files={}), "names no model.onnx"),
    ],
)
def test_anything_else_is_refused_with_a_reason(content: bytes, sentence: str) -> None:
    with pytest.raises(BundleRefused, match=sentence):
        parse(content, where="x")


@settings(max_examples=100)
@given(content=st.binary())
def test_random_bytes_are_refused(content: bytes) -> None:
    with pytest.raises(BundleRefused):
        parse(content, where="x")


@settings(max_examples=100)
@given(name=st.sampled_from(sorted(CONTENT)), value=_JSON)
def test_a_field_of_any_other_value_gives_a_manifest_or_a_refusal(name: str, value: object) -> None:
    assert_parsed_or_refused(_altered(**{name: value}))


@settings(max_examples=100)
@given(at=st.integers(0, 8000), piece=st.binary(max_size=6))
def test_replaced_bytes_give_a_manifest_or_a_refusal(at: int, piece: bytes) -> None:
    good = example_manifest().canonical()
    assert_parsed_or_refused(good[:at] + piece + good[at + len(piece) :])


def assert_parsed_or_refused(content: bytes) -> None:
    try:
        manifest = parse(content, where="x")
    except BundleRefused:
        return
    assert parse(manifest.canonical(), where="x") == manifest


@pytest.mark.parametrize(
    ("task", "kind", "horizon", "scale", "words"),
    [
        ("attack", None, 1, (0, 1), "the next day"),
        ("severity", "severity", 0, (0, 10), "the day itself"),
        ("severity", "burden", 1, (0, 7), "next 7"),
    ],
)
def test_the_outcome_says_what_is_predicted_and_on_which_scale(
    task: Any, kind: str | None, horizon: int, scale: tuple[float, float], words: str
) -> None:
    outcome = outcome_of(task, kind, CONTRACT, horizon=horizon)
    assert (outcome.low, outcome.high) == scale
    assert words in outcome.description


def test_a_defined_outcome_is_in_the_manifest_and_the_default_one_changes_no_byte() -> None:
    """Bundles with the outcome of the contract have the same hash as before, and older services can read them."""
    plain = outcome_of("attack", None, CONTRACT, horizon=1, definition=OutcomeDefinition())
    assert plain == outcome_of("attack", None, CONTRACT, horizon=1)
    assert b"definition" not in example_manifest().canonical()
    definition = OutcomeDefinition(AttackDefinition("migraine_severity", 5.0), "any")
    defined = outcome_of("attack", None, CONTRACT, horizon=3, definition=definition, own_rate_days=2.5)
    manifest = msgspec.structs.replace(example_manifest(), outcome=defined, horizon=3)
    again = parse(manifest.canonical(), where="x")
    assert (again.definition, again.outcome.own_rate_days) == (definition, 2.5)
    assert again.outcome.description == "An attack with migraine_severity of at least 5 on any of the next 3 days."
    severity = outcome_of("severity", "severity", CONTRACT, horizon=3, definition=definition)
    assert (severity.high, severity.description[:9]) == (10, "Severity,")
