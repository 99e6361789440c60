"""`migraine report`: the results of an evaluation as tables, and the paths of reports and state.

Not here: the tables of models (`cli.model_tables`), the HTML report (`report.page`), the file with the results
(`report.evaluation_json`).
"""

from collections.abc import Mapping
from pathlib import Path

from migraine_assets.cli.console import AsJson, print_json, say, say_path
from migraine_assets.cli.documents.evaluation import DecisionLine, ReportDocument
from migraine_assets.cli.model_tables import read_tables, show_tables
from migraine_assets.errors import ConfigurationError
from migraine_assets.settings import Settings

STYLES = {"promoted": "green", "on trial": "cyan", "unchanged": "", "refused": "yellow", "none": "red"}


def report(*, as_json: AsJson = False) -> None:
    """Show the results of the latest evaluation and where its report is."""
    settings = Settings()
    latest = settings.reports / "latest"
    if not (latest / "evaluation.json").exists():
        raise ConfigurationError(f"There is no report in {settings.reports} yet: start with `migraine run`.")
    document = report_document(settings, latest)
    if as_json:
        print_json(document)
        return
    show_tables(document.tasks)
    show_paths(document)


def report_document(settings: Settings, folder: Path) -> ReportDocument:
    """Return the results in `folder`. Raises `StoreError` if its evaluation.json is damaged."""
    return ReportDocument(
        tasks=read_tables(folder),
        report=str(folder.resolve() / "index.html"),
        evaluation=str(folder.resolve() / "evaluation.json"),
        state=str(settings.root),
    )


def show_paths(document: ReportDocument) -> None:
    """Print the paths of the report and the state, and the address of the UI."""
    say_path("Report       ", Path(document.report))
    say_path("Metrics      ", Path(document.evaluation))
    say_path("State        ", Path(document.state))
    say("Dagster UI   make ui    (http://127.0.0.1:3000, MLflow on http://127.0.0.1:5000)")


def show_decisions(decisions: Mapping[str, DecisionLine]) -> None:
    """Print each promotion decision: task, outcome, reasons."""
    for task, decision in decisions.items():
        label = f"{task}: {decision.outcome}."
        say(" ".join(decision.reasons), label=label, style=f"bold {STYLES[decision.outcome]}".strip())
