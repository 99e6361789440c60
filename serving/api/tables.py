"""Tables at `/predict/batch`: diary days as Arrow IPC or Parquet in, predictions in the same format out.

Not here: reading tables (`serving.input.table_reader`), checking columns (`serving.input.arrow_columns`), participants
(`serving.input.arrow_participants`), the columns of the answer (`migraine_assets.prediction.answer_table`).
"""

import time

from migraine_assets.prediction.answer_table import answer_table
from serving.api.record import Recorder
from serving.input.arrow_columns import columns_of
from serving.input.arrow_files import write_table
from serving.input.arrow_participants import participants_of
from serving.jobs import Check, unlimited
from serving.services import Services


def predict_table(
    services: Services,
    recorder: Recorder,
    body: bytes,
    media_type: str,
    *,
    every_row: bool = False,
    check: Check = unlimited,
) -> bytes:
    """Answer a table with a table of the same media type.

    `every_row`: predict from every row instead of the newest of each participant. `check` is called between parts of
    the work, and its exceptions are passed on. Raises `Refused` if the body as a whole is not a diary, and
    `ModelNotReady` if no model serves.
    """
    services.table_memory.keep()
    try:
        return _predict_table(services, recorder, body, media_type, every_row=every_row, check=check)
    finally:
        services.table_memory.mark_used()


def _predict_table(
    services: Services, recorder: Recorder, body: bytes, media_type: str, *, every_row: bool, check: Check
) -> bytes:
    started = time.perf_counter()
    models = services.predictor.models
    schema = models.requests
    table = services.tables.read(body, media_type, most=services.settings.max_batch_rows, schema=schema, check=check)
    participants = participants_of(columns_of(table, now=services.now(), schema=schema), every_row=every_row)
    check()
    histories = participants.histories
    predictions = services.predictor.predict(histories, models, check) if len(histories) else None
    content = write_table(answer_table(participants.names, participants.errors, predictions), media_type)
    if predictions is not None:
        # Last, so that the log's writing thread does not compete with the answer that the client waits for.
        recorder.record(predictions, seconds=time.perf_counter() - started)
    return content
