"""Quiet days that are added to a diary without them, if its mapping states that unlisted days were quiet.

Not here: lists of attacks with a start and an end (`sources.importers.attacks`).
"""

import pandas as pd

from migraine_assets.core.contract import ATTACK, CONTRACT, Contract
from migraine_assets.sources.columns.observation import Observation


def add_quiet_days(
    frame: pd.DataFrame, observation: Observation | None, contract: Contract = CONTRACT
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return the raw `frame` with a row added for each observed day that is missing, and notes.

    An added row has no attack and has the participant's static fields; all other fields are null. Without an
    observation, or if unlisted days are unknown, the frame is returned unchanged.
    """
    if observation is None or observation.unlisted == "unknown":
        return frame, ()
    rows = pd.DataFrame(
        [row for _, group in frame.groupby("participant_id") for row in _missing(group, observation, contract)]
    )
    if rows.empty:
        return frame, ()
    complete = pd.concat([frame, rows.reindex(columns=frame.columns).astype(frame.dtypes)], ignore_index=True)
    return complete, (f"{len(rows)} observed days that are not in the diary are quiet, as the mapping states.",)


def _missing(group: pd.DataFrame, observation: Observation, contract: Contract) -> list[dict[str, object]]:
    participant = group["participant_id"].iloc[0]
    period = observation.period(participant)
    if period is None:
        return []
    present = set(group["date"].dropna().dt.date)
    known = {name: group[name].dropna().iloc[0] for name in contract.names("static") if group[name].notna().any()}
    first = {"participant_id": participant, "source_file": group["source_file"].iloc[0], "source_row": 0, ATTACK: 0.0}
    return [{**first, **known, "date": pd.Timestamp(day)} for day in period.days() if day not in present]
