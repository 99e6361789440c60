"""Writes the tables that are generated from the code into the documentation: fields, alerts, problems."""

from pathlib import Path

from migraine_assets.core import contract_table
from migraine_assets.core.monitoring import alert_table
from serving import problem_table

root = Path(__file__).parents[1]
for name, table in (("README.md", contract_table), ("docs/alerts.md", alert_table), ("docs/api.md", problem_table)):
    text = (root / name).read_text(encoding="utf-8")
    (root / name).write_text(table.replaced(text), encoding="utf-8")
