from pathlib import Path

import pytest

from migraine_assets.errors import ConfigurationError
from migraine_assets.stores.diaries.database import open_database


@pytest.mark.parametrize(
    ("url", "label"),
    [
        (None, "/home/diaries.db"),
        ("sqlite:////kept/days.db", "/kept/days.db"),
        ("postgresql://clinic:hidden@db.example:5433/diaries", "db.example:5433/diaries"),
        ("postgres://db.example/diaries", "db.example:5432/diaries"),
    ],
)
def test_a_database_is_called_without_user_and_password(url: str | None, label: str) -> None:
    assert open_database(url, home=Path("/home")).label == label


@pytest.mark.parametrize(
    "url", ["mysql://a:hidden@b/c", "diaries.db", "sqlite:///days.db", "postgresql://a:hidden@b:port/c"]
)
def test_another_address_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ConfigurationError, match="SERVING_DIARY_URL") as error:
        open_database(url, home=Path("/home"))
    assert "hidden" not in str(error.value)
