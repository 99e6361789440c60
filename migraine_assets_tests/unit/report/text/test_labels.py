"""Names of models and metrics, counts and durations."""

from migraine_assets.report.text import labels


def test_counts_and_durations() -> None:
    assert labels.count(1234567) == "1,234,567"
    assert labels.count(None) == "–"
    assert labels.plural(1, "participant") == "1 participant"
    assert labels.plural(0, "participant") == "0 participants"
    assert labels.seconds(3.14159) == "3.1 s"
    assert labels.seconds(150) == "2.5 min"


def test_names() -> None:
    assert labels.title("xgboost") == "XGBoost"
    assert labels.title("random_forest") == "Random forest"
    assert labels.title("") == ""
    assert labels.metric("r2") == "R²"
    assert labels.metric("new_metric") == "New metric"
