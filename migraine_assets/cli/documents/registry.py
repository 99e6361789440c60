"""The table of the documents that `--json` prints, by command.

`make docs` writes the reference in docs/cli.md from it. Not here: the types (the other modules of `cli.documents`).
"""

from migraine_assets.cli.documents.base import CommandDocument
from migraine_assets.cli.documents.diaries import DataLogDocument, SourcesDocument, ValidateDocument
from migraine_assets.cli.documents.evaluation import HistoryDocument, ReportDocument, RunDocument
from migraine_assets.cli.documents.forecasts import ForecastDocument
from migraine_assets.cli.documents.operation import (
    AlertsDocument,
    ChannelsDocument,
    DoctorDocument,
    EraseDocument,
    MonitorDocument,
    ParamsDocument,
)
from migraine_assets.cli.documents.service import KeysDocument, ReplayDocument, RolloutsDocument

# The document of each command.
DOCUMENTS: dict[str, type[CommandDocument]] = {
    "run": RunDocument,
    "forecast": ForecastDocument,
    "report": ReportDocument,
    "validate": ValidateDocument,
    "sources": SourcesDocument,
    "params": ParamsDocument,
    "data log": DataLogDocument,
    "history": HistoryDocument,
    "monitor": MonitorDocument,
    "alerts list": AlertsDocument,
    "alerts test": ChannelsDocument,
    "erase": EraseDocument,
    "doctor": DoctorDocument,
    "keys list": KeysDocument,
    "rollout show": RolloutsDocument,
    "replay": ReplayDocument,
}
