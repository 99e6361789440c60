"""Writes the contract's table into the README."""

from pathlib import Path

from migraine_assets.core.contract_table import replaced

readme = Path(__file__).parents[1] / "README.md"
readme.write_text(replaced(readme.read_text(encoding="utf-8")), encoding="utf-8")
