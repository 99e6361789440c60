"""The tables of models: a damaged file is explained."""

from pathlib import Path

import pytest

from migraine_assets.cli.model_tables import read_tables
from migraine_assets.errors import StoreError


def test_a_damaged_evaluation_is_explained(tmp_path: Path) -> None:
    (tmp_path / "evaluation.json").write_bytes(b'{"attack": ')
    with pytest.raises(StoreError, match="damaged"):
        read_tables(tmp_path)
