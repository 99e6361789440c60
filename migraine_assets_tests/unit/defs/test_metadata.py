"""The metadata of an asset in the UI: every asset of a real run has a summary, tables and links."""

from pathlib import Path

import dagster as dg
import pytest

from migraine_assets.cli.dagster.instance import open_instance
from migraine_assets.defs.metadata import bullets
from migraine_assets.report.text.labels import title
from migraine_assets.settings import Settings
from migraine_assets_tests.support.homes import Home


def _metadata(home: Home, key: str) -> dict[str, dg.MetadataValue]:
    with home.entered(), open_instance(Settings()) as instance:
        event = instance.get_latest_materialization_event(dg.AssetKey.from_user_string(key))
        assert event is not None
        assert event.asset_materialization is not None
        return dict(event.asset_materialization.metadata)


@pytest.mark.parametrize(
    ("key", "names"),
    [
        ("raw_diary", {"summary", "dagster/row_count", "dagster/column_schema", "columns", "data version (MD5)"}),
        ("validated_diary", {"summary", "changes", "participants"}),
        ("quarantined_rows", {"summary", "dagster/row_count"}),
        ("preprocessed_diary", {"summary", "changes"}),
        ("features", {"summary", "dagster/column_schema"}),
        ("folds", {"summary", "parts", "cut day"}),
        ("classifiers/knn", {"summary", "cross-validated", "lead over baseline", "parameters", "bundle", "roc_auc"}),
        ("regressors/ridge", {"summary", "cross-validated", "flags", "rmse", "MLflow run"}),
        (
            "evaluation/attack",
            {"summary", "report", "MLflow run", "comparison", "ROC", "Calibration", "test roc_auc"},
        ),
        ("evaluation/severity", {"comparison", "predicted", "errors", "test rmse", "decision", "report"}),
        ("champions/severity", {"summary", "outcome", "champion bundle"}),
    ],
)
def test_an_asset_describes_what_was_made(trained_home: Home, key: str, names: set[str]) -> None:
    metadata = _metadata(trained_home, key)
    assert names <= set(metadata)
    assert str(metadata["summary"].value)


def test_the_data_version_is_of_the_content(trained_home: Home) -> None:
    with trained_home.entered(), open_instance(Settings()) as instance:
        event = instance.get_latest_materialization_event(dg.AssetKey("features"))
        assert event is not None
        assert event.asset_materialization is not None
        tags = event.asset_materialization.tags or {}
    assert tags["dagster/data_version"] == trained_home.asset("features").frame.version


def test_columns_are_explained(trained_home: Home) -> None:
    schema = _metadata(trained_home, "raw_diary")["dagster/column_schema"].value
    stress = next(column for column in schema.columns if column.name == "stress_level")
    assert stress.description


def test_a_list_shows_the_text_of_a_delivery_literally() -> None:
    shown = bullets(["column '![x](http://a/b.png)' was ignored.\n# title", "<script>"])
    assert shown.md_str.splitlines() == [
        "- column '\\!\\[x\\](http://a/b.png)' was ignored. \\# title",
        "- \\<script\\>",
    ]


@pytest.mark.parametrize(("task", "page"), [("attack", "attack.html"), ("severity", "severity.html")])
def test_the_comparison_lists_the_champion_first_and_baselines_last(trained_home: Home, task: str, page: str) -> None:
    metadata = _metadata(trained_home, f"evaluation/{task}")
    comparison = metadata["comparison"]
    assert isinstance(comparison, dg.TableMetadataValue)
    records = [record.data for record in comparison.records]
    section = trained_home.evaluation()[task]
    assert (records[0]["model"], records[0]["role"]) == (title(section["champion"]), "champion")
    assert [record["role"] for record in records[-3:]] == ["baseline"] * 3
    assert len(records) == 11
    report = trained_home.evaluation_of(task).report
    assert metadata["report"].value == f"http://127.0.0.1:3002/{Path(report).name}/{page}"
    assert str(metadata["MLflow run"].value).startswith("http://127.0.0.1:5000/#/experiments/")


def test_no_link_leads_to_a_file(trained_home: Home) -> None:
    """Browsers refuse a link from a page on HTTP to a file on disk."""
    with trained_home.entered(), open_instance(Settings()) as instance:
        for key in instance.all_asset_keys():
            event = instance.get_latest_materialization_event(key)
            assert event is not None
            assert event.asset_materialization is not None
            for name, value in event.asset_materialization.metadata.items():
                assert not (isinstance(value, dg.UrlMetadataValue) and str(value.value).startswith("file:")), name
