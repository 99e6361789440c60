"""Writes the tables that are generated from the code into the documentation: the contract's, and the alerts'."""

from pathlib import Path

from migraine_assets.core import contract_table
from migraine_assets.core.monitoring import alert_table

root = Path(__file__).parents[1]
for name, table in (("README.md", contract_table), ("docs/alerts.md", alert_table)):
    text = (root / name).read_text(encoding="utf-8")
    (root / name).write_text(table.replaced(text), encoding="utf-8")
