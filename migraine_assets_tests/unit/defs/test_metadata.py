"""What the UI shows of an asset: every asset of a real run has a summary, tables and links."""

import dagster as dg
import pytest

from migraine_assets.cli.dagster.instance import open_instance
from migraine_assets.defs.metadata import bullets
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
        ("validated_diary", {"summary", "what was done", "participants"}),
        ("quarantined_rows", {"summary", "dagster/row_count"}),
        ("preprocessed_diary", {"summary", "what was done"}),
        ("features", {"summary", "dagster/column_schema"}),
        ("folds", {"summary", "parts", "cut day"}),
        ("classifiers/knn", {"summary", "cross-validated", "lead over baseline", "parameters", "bundle", "roc_auc"}),
        ("regressors/ridge", {"summary", "cross-validated", "flags", "rmse", "MLflow run"}),
        ("evaluation/attack", {"summary", "report", "report link", "evaluation.json", "decision"}),
        ("champions/severity", {"summary", "outcome", "champion bundle"}),
    ],
)
def test_an_asset_describes_what_was_made(trained_home: Home, key: str, names: set[str]) -> None:
    found = _metadata(trained_home, key)
    assert names <= set(found)
    assert str(found["summary"].value)


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
