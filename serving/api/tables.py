"""Tables at `/predict/batch`: diary days as Arrow IPC or Parquet in, predictions in the same format out.

Not here: files and columns in (`serving.input.table_reader`, `serving.input.arrow_columns`), whose rows they are
(`serving.input.arrow_participants`), columns out (`serving.api.compose_table`).
"""

import time

from serving.api.compose_table import compose_table
from serving.api.record import Recorder
from serving.input.arrow_columns import columns_of
from serving.input.arrow_files import write_table
from serving.input.arrow_participants import participants_of
from serving.services import Services


def predict_table(
    services: Services, recorder: Recorder, body: bytes, media_type: str, *, every_row: bool = False
) -> bytes:
    """The answer to a table, as a table of the same media type. `every_row`: predict from every row, not the newest.

    Raises `Refused` where the body as a whole is not a diary, and `ModelNotReady` where no model serves.
    """
    try:
        return _predict_table(services, recorder, body, media_type, every_row=every_row)
    finally:
        services.table_memory.mark_used()


def _predict_table(services: Services, recorder: Recorder, body: bytes, media_type: str, *, every_row: bool) -> bytes:
    started = time.perf_counter()
    models = services.predictor.models
    schema = models.requests
    table = services.tables.read(body, media_type, most=services.settings.max_batch_rows, schema=schema)
    participants = participants_of(columns_of(table, now=services.now(), schema=schema), every_row=every_row)
    predictions = services.predictor.predict(participants.histories, models) if len(participants.histories) else None
    content = write_table(compose_table(participants, predictions), media_type)
    if predictions is not None:
        # Last, so that the writing thread of the log does not compete with what the client waits for.
        recorder.record(predictions, seconds=time.perf_counter() - started)
    return content
