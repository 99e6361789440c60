"""What is derived from a manifest when a bundle is loaded."""

from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from migraine_assets.core.features.operations import Feature
from migraine_assets.core.reference_bins import reference
from migraine_assets.errors import BundleRefused
from migraine_assets.prediction.loaded import LoadedModel, load_model, prepare, typical
from migraine_assets.stores.bundles.bundles import Bundle, load_bundle
from migraine_assets.stores.bundles.provenance import BundleProvenance
from migraine_assets.stores.store import Store
from migraine_assets_tests.unit.serving.trained import fresh_store, trained


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return fresh_store(tmp_path)


def loaded(store: Store, name: str, *, task: str = "attack") -> LoadedModel:
    return load_model(store, trained()[1][name], task=task)


@pytest.mark.parametrize(
    ("values", "expected"),
    [([0, 0, 1], 0.0), ([0, 1, 1], 1.0), ([1, 2, 3, 3, 4], 3.0), ([2, 2, 5], 0.5), (np.arange(1001.0), 500.0)],
)
def test_the_typical_value_is_the_median_as_far_as_the_bins_tell(values: list[float], expected: float) -> None:
    assert typical(reference("x", np.array(values))) == pytest.approx(expected, abs=51 if len(values) > 10 else 3)
    if max(values) < 5:
        assert typical(reference("x", np.array(values))) == expected


@pytest.mark.parametrize("values", [[np.nan, np.nan, 1.0], [4.0, 4.0], []])
def test_what_the_bins_do_not_tell_is_left_to_the_models_imputation(values: list[float]) -> None:
    assert np.isnan(typical(reference("x", np.array(values))))


def test_a_model_with_history_needs_at_most_a_week_and_one_without_needs_none(store: Store) -> None:
    assert 1 <= loaded(store, "attack").least_days <= 7
    assert loaded(store, "flat").least_days == 0


def test_only_todays_plain_fields_are_compared_with_training(store: Store) -> None:
    served = loaded(store, "attack")
    assert {"stress_level", "sleep_hours", "medication"} <= set(served.fenced_fields)
    assert "attacks_28d" not in served.fenced_fields
    assert (served.low < served.high).all()


def test_a_bundle_of_another_task_is_refused(store: Store) -> None:
    with pytest.raises(BundleRefused, match="not for 'severity'"):
        loaded(store, "attack", task="severity")


def test_a_feature_that_this_version_does_not_compute_is_refused(store: Store) -> None:
    bundle = load_bundle(store, trained()[1]["attack"])
    moon = Feature("phase_of_the_moon", "today", ("moon",), 1, "The moon.")
    manifest = replace(bundle.manifest, features=(moon, *bundle.manifest.features[1:]))
    with pytest.raises(BundleRefused, match="phase_of_the_moon"):
        prepare(Bundle(bundle.hash, manifest, bundle.session), BundleProvenance())


def test_another_features_code_is_reported(store: Store) -> None:
    bundle = load_bundle(store, trained()[1]["attack"])
    assert prepare(bundle, BundleProvenance()).same_features_code
    old = replace(bundle.manifest, features_version="old")
    assert prepare(Bundle(bundle.hash, old, bundle.session), BundleProvenance()).same_features_code
    assert not prepare(Bundle(bundle.hash, old, bundle.session, 1), BundleProvenance()).same_features_code


def test_identity_without_provenance_is_no_error(store: Store) -> None:
    identity = prepare(load_bundle(store, trained()[1]["attack"]), BundleProvenance()).identities["canary"]
    assert (identity.dagster_run, identity.mlflow_run, identity.arm) == (None, None, "canary")
