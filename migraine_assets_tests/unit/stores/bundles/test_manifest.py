"""The manifest: one canonical form, and a reader that believes nothing that is not whole."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migraine_assets.errors import BundleRefused
from migraine_assets.stores.bundles.manifest import canonical, parse, sha256
from migraine_assets_tests.unit.stores.bundles.example_bundles import example_manifest

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def _altered(**changes: Any) -> bytes:
    return canonical(json.loads(example_manifest().canonical()) | changes)


def test_what_is_written_is_read_back() -> None:
    manifest = example_manifest()
    assert parse(manifest.canonical(), where="x") == manifest
    assert manifest.output == "probability"


@settings(max_examples=50)
@given(content=st.dictionaries(st.text(), _JSON, max_size=4))
def test_the_canonical_form_does_not_depend_on_the_order_of_keys(content: dict[str, Any]) -> None:
    turned = dict(reversed(content.items()))
    assert canonical(content) == canonical(turned)
    assert json.loads(canonical(content)) == content


def test_numbers_of_numpy_are_plain_numbers() -> None:
    assert canonical({"b": np.float64(1.5), "a": np.arange(2), "c": np.int8(3)}) == b'{"a":[0,1],"b":1.5,"c":3}'


def test_what_json_does_not_have_is_an_error_of_ours() -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        canonical({"a": float("nan")})
    with pytest.raises(TypeError, match="object has no place in a manifest"):
        canonical({"a": object()})


def test_a_changed_figure_changes_the_hash() -> None:
    assert sha256(_altered(threshold=0.31)) != sha256(example_manifest().canonical())


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is not JSON"),
        (b'{"format": 1', "is not JSON"),
        (b"\xff\xfe", "is not JSON"),
        (b"[]", "has format None; this version reads 1"),
        (b"{}", "has format None"),
        (_altered(format=2), "has format 2; this version reads 1"),
        (_altered(format=[]), r"has format \[\]"),
        (_altered(surprise=1), "lacks or does not know surprise"),
        (b'{"format": 1, "task": "attack"}', "lacks or does not know agreement, algorithm"),
        (_altered(task="pain"), "for the task 'pain'"),
        (_altered(features=[]), "does not name each feature once"),
        (_altered(features=["a", "a"]), "does not name each feature once"),
        (_altered(features=["a", 1]), "does not name each feature once"),
        (_altered(features="ab"), "'features' in the manifest of x is 'ab'"),
        (_altered(threshold="high"), "'threshold'"),
        (_altered(horizon=True), "'horizon'"),
        (_altered(files={}), "names no model.onnx"),
    ],
)
def test_anything_else_is_refused_in_a_sentence(content: bytes, sentence: str) -> None:
    with pytest.raises(BundleRefused, match=sentence):
        parse(content, where="x")
