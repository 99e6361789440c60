"""The content of the code location, counted: a definitions file can load as empty without an error."""

import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
import yaml

from migraine_assets import definitions as module
from migraine_assets.cli.dagster.instance import open_instance, project_root
from migraine_assets.core.models.catalogue import TABLE
from migraine_assets.definitions import build_defs
from migraine_assets.settings import Settings
from migraine_assets_tests.support.homes import Home

ASSETS = {
    "raw_diary", "validated_diary", "quarantined_rows", "preprocessed_diary", "features", "folds",
    "evaluation/attack", "evaluation/severity", "champions/attack", "champions/severity",
    "classifiers/logistic_regression", "classifiers/random_forest", "classifiers/gradient_boosting",
    "classifiers/xgboost", "classifiers/lightgbm", "classifiers/svm", "classifiers/knn", "classifiers/naive_bayes",
    "regressors/linear", "regressors/ridge", "regressors/lasso", "regressors/elastic_net",
    "regressors/random_forest", "regressors/gradient_boosting", "regressors/xgboost", "regressors/lightgbm",
}  # fmt: skip
MONITORING = {
    "prediction_log", "outcomes", "drift_scores", "estimated_performance", "realised_performance",
    "guarded_rollout", "data_quality_trend", "monitoring_report",
}  # fmt: skip
FORECASTS = {"forecasts"}
# 4 on the raw diary, 14 on the validated diary, 3 on features, 3 on folds, 8 on each of 16 models, 4 on monitoring,
# 1 on forecasts.
CHECKS = 4 + 14 + 3 + 3 + 8 * 16 + 4 + 1
SENSORS = {
    "operations_figures", "new_diaries", "drift_retraining", "degradation_retraining", "alert_failed_runs",
    "alert_failed_checks", "alert_monitoring", "alert_service", "alert_disk", "alert_heartbeats", "alert_delivery",
}  # fmt: skip
BLOCKING = {
    "not_empty", "raw_types", "types_and_bounds", "unique_days", "future_dates", "outcome_consistency",
    "class_balance", "enough_to_train", "missing_values", "quarantine_share", "features_finite",
    "no_outcome_among_inputs", "no_input_nearly_the_outcome", "participants_disjoint", "forward_in_time",
    "both_classes", "units_as_before", "nulled_values", "losses_with_outcome",
}  # fmt: skip


@pytest.fixture(scope="module")
def defs() -> dg.Definitions:
    """The definitions in the environment of the tests."""
    return build_defs()


@pytest.fixture(scope="module")
def specs(defs: dg.Definitions) -> dict[str, dg.AssetSpec]:
    """Every asset by key."""
    return {spec.key.to_user_string(): spec for spec in defs.resolve_all_asset_specs()}


def _check_specs(defs: dg.Definitions) -> Iterator[dg.AssetCheckSpec]:
    graph = defs.resolve_asset_graph()
    yield from (graph.get_check_spec(key) for key in graph.asset_check_keys)


@pytest.mark.parametrize("name", ["full_pipeline", "retrain"])
def test_materialize_all_of_a_training_job_asks_for_no_partition(defs: dg.Definitions, name: str) -> None:
    """The UI opens a dialogue about partitions as soon as one asset of the page has them."""
    layer = defs.resolve_job_def(name).asset_layer
    partitioned = {key.to_user_string() for key in layer.selected_asset_keys if layer.get(key).partitions_def}
    assert partitioned == set()
    assert {key.to_user_string() for key in layer.selected_asset_keys} <= ASSETS


def test_dagster_loads_every_asset() -> None:
    loaded = module.definitions()
    assert len(list(loaded.resolve_all_asset_specs())) == len(ASSETS | MONITORING | FORECASTS)
    dg.Definitions.validate_loadable(loaded)


def test_assets(specs: dict[str, dg.AssetSpec]) -> None:
    assert set(specs) == ASSETS | MONITORING | FORECASTS
    assert len(ASSETS) == 10 + len(TABLE)


def test_checks_and_which_of_them_block(defs: dg.Definitions) -> None:
    specs = list(_check_specs(defs))
    assert len(specs) == CHECKS
    assert {spec.name for spec in specs if spec.blocking} == BLOCKING
    assert all(spec.description for spec in specs)


def test_jobs(defs: dg.Definitions) -> None:
    names = {job.name for job in defs.resolve_all_job_defs() if not job.name.startswith("__")}
    assert names == {"full_pipeline", "retrain", "nightly_forecasts", "monitoring", "weekly_report"}


@pytest.mark.parametrize(
    ("job", "assets"), [("full_pipeline", ASSETS), ("monitoring", MONITORING), ("nightly_forecasts", FORECASTS)]
)
def test_training_and_monitoring_are_separate_jobs(defs: dg.Definitions, job: str, assets: set[str]) -> None:
    keys = defs.resolve_job_def(job).asset_layer.executable_asset_keys
    assert {key.to_user_string() for key in keys} == assets


def test_sensors(defs: dg.Definitions) -> None:
    repository = defs.get_repository_def()
    assert {sensor.name for sensor in repository.sensor_defs} == SENSORS
    assert all(sensor.description for sensor in repository.sensor_defs)


def test_retraining_reads_no_source(defs: dg.Definitions) -> None:
    keys = {key.to_user_string() for key in defs.resolve_job_def("retrain").asset_layer.executable_asset_keys}
    assert keys == ASSETS - {"raw_diary", "validated_diary", "quarantined_rows", "preprocessed_diary"}


@pytest.mark.parametrize("key", sorted(ASSETS | MONITORING | FORECASTS))
def test_every_asset_is_documented(key: str, specs: dict[str, dg.AssetSpec]) -> None:
    spec = specs[key]
    assert spec.owners
    assert spec.group_name
    assert spec.group_name == "monitoring" or spec.group_name.startswith("g")
    assert spec.kinds
    assert len(spec.description or "") > 20
    assert len(spec.code_version or "") == 16


def test_groups_follow_the_order_of_the_pipeline(specs: dict[str, dg.AssetSpec]) -> None:
    for spec in specs.values():
        for dep in spec.deps:
            assert specs[dep.asset_key.to_user_string()].group_name <= spec.group_name


def test_the_code_location_has_one_name() -> None:
    project = tomllib.loads((project_root() / "pyproject.toml").read_text())["tool"]["dg"]["project"]
    location = yaml.safe_load((project_root() / "workspace.yaml").read_text())["load_from"][0]["python_module"]
    assert location["location_name"] == project["code_location_name"]
    assert location["module_name"] == project["code_location_target_module"] == module.__name__


def test_building_definitions_touches_no_file_of_the_home(home: Home, tmp_path: Path) -> None:
    with home.entered({"MIGRAINE_HOME": str(tmp_path / "never")}):
        build_defs()
        assert not (tmp_path / "never").exists()


def test_a_resource_can_be_replaced(home: Home) -> None:
    from migraine_assets.defs.resources import workspace_from

    with home.entered():
        workspace = workspace_from(Settings())
    built = build_defs(resources={"workspace": workspace})
    assert built.resources is not None
    assert built.resources["workspace"] is workspace


@pytest.mark.parametrize(
    "heavy", ["mlflow", "ray", "matplotlib", "sklearn", "xgboost", "lightgbm", "onnxruntime", "apprise"]
)
def test_loading_the_code_location_imports_nothing_heavy(heavy: str, imported: frozenset[str]) -> None:
    assert heavy not in imported
    assert "dagster" in imported


@pytest.fixture(scope="module")
def imported() -> frozenset[str]:
    """The top-level packages that loading the code location imports."""
    script = (
        "import sys, migraine_assets.definitions as d; d.definitions(); print(*{m.split('.')[0] for m in sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return frozenset(done.stdout.split())


def test_the_command_starts_without_heavy_imports() -> None:
    """`migraine --help` must stay fast: commands import heavy packages in their bodies."""
    script = (
        "import sys; from migraine_assets.cli.app import build_app; build_app(); "
        "print(*{m.split('.')[0] for m in sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    heavy = {"dagster", "mlflow", "ray", "numpy", "pandas", "pyarrow", "sklearn", "matplotlib", "sqlalchemy"}
    assert not heavy & set(done.stdout.split())


def test_dagster_accepts_the_instance_settings(home: Home) -> None:
    with home.entered(), open_instance(Settings()) as instance:
        assert instance.is_persistent
        assert Path(instance.root_directory) == home.root / "dagster"
        assert instance.run_monitoring_enabled
        assert not instance.telemetry_enabled
        assert instance.get_concurrency_config().run_queue_config.max_concurrent_runs == 1
