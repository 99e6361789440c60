"""A SIMULATED cohort of headache diaries, for trying, testing and demonstrating the platform. None of it is real.

The simulation is tuned to be as hard to forecast as real diaries. Most of the information is how often a participant
has attacks; within a participant, even the true probabilities reach an AUC of only .60 to .65. Sources of the
parameters:

- AMPP (Lipton et al. 2007, Neurology 68:343): four in five are women, age 46 +- 14; one in eight takes a preventive
  drug.
- N1-Headache cohort (app diaries): attack-day rate per participant, 5/25/50/75/95 % at .08/.15/.21/.28/.56, and
  perimenstrual days -2 to +3 (203 women, 53,302 days: odds ratio 1.34).
- Lipton 2014 (Neurology 82:1395): a decline in stress, odds ratio 1.5-1.9 on the next day; its level near null.
- Bertisch 2020 (Neurology 94:e489): low sleep efficiency, odds ratio 1.39 on day +1; hours of sleep null.
- Mostofsky 2019 (Am J Med 132:984): caffeine, from three servings on. Mostofsky 2020 (Ann Med 52:386), same
  participants: alcohol, odds ratio 2.08 for five drinks or more, null for one or two.
- Mukamal 2009 (Neurology 72:922): barometric pressure, odds ratio .939 per 5 mmHg.
- Giffin 2003 (Neurology 60:935): frequency of premonitory symptoms, and that they precede attacks.
- Park 2016 (PLOS ONE 11:e0149577): intensity 4.4 +- 2.2 of all headaches and 5.7 +- 2.2 of migraine (an attack here is
  a migraine); frequency of triggers. Duration: a median of 6-9 h in diary studies.
- Houle 2017 (Headache 57:1041): current headache is a predictor; an AUC of .65 in unseen participants.

The modules of `cohort` cite the source beside each parameter (`participants`, `effects`, `attacks`). This module
assembles a cohort and its delivery.
"""

import dataclasses
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from migraine_assets.core.contract import CONTRACT, NAMES, Contract
from migraine_assets.sources.cohort.attacks import simulate_course
from migraine_assets.sources.cohort.calendar import calendar_of
from migraine_assets.sources.cohort.climate import Climate, climate_of
from migraine_assets.sources.cohort.corruption import corrupt
from migraine_assets.sources.cohort.custom_fields import custom_fields, with_custom_fields
from migraine_assets.sources.cohort.entries import Columns, diary_columns, sample_entries
from migraine_assets.sources.cohort.exposures import simulate_exposures
from migraine_assets.sources.cohort.participants import Participants, recruit
from migraine_assets.sources.cohort.rng import Floats, stream
from migraine_assets.sources.cohort.settings import SyntheticSettings, settings_from
from migraine_assets.sources.files.delivery import READING, Delivery, source_file

BLOCK = 500  # participants
FILE_NAME = "synthetic.parquet"
CUSTOM_NOTE = "The values of custom fields are random and unrelated to attacks."
NOTE = "This cohort is simulated: it demonstrates the platform and is no evidence about migraine."


@dataclass(frozen=True)
class Cohort:
    """A diary and the true probabilities of its rows, which are never columns of the diary.

    frame: the contract's columns, sorted by participant and date, one row per entry.
    probability: float64 (rows,), of an attack on the day of the row, given the participant's traits (rate, cycle) and
        everything up to the day before, recorded or not.
    next_day: float64 (rows,), the same for the day after the row, given everything up to the day of the row: the upper
        limit for a forecast with horizon 1. Defined even where the diary has no entry for that day.
    same_day: float64 (rows,), `probability` updated with the symptoms of the same day: the upper limit for a nowcast
        (horizon 0).
    rate: float64 (rows,), the participant's expected share of attack days, without drift.
    """

    frame: pd.DataFrame
    probability: Floats
    next_day: Floats
    same_day: Floats
    rate: Floats


def generate(settings: SyntheticSettings) -> Cohort:
    """Simulate the cohort of `settings` deterministically, without corrupted rows, which `open_synthetic` adds."""
    participants, climate = recruit(settings), climate_of(settings)
    parts = [_part(*block, climate) for block in _blocks(settings, participants)]
    diary = {name: np.concatenate([part.diary[name] for part in parts]) for name in NAMES}
    truth = np.concatenate([part.truth for part in parts], axis=1)
    return Cohort(pd.DataFrame(diary, copy=False), *truth)


@dataclass(frozen=True)
class _Part:
    """The rows of a block of participants; `truth` holds the float fields of `Cohort`, in their order."""

    diary: Columns
    truth: Floats


def _blocks(
    settings: SyntheticSettings, participants: Participants
) -> Iterator[tuple[SyntheticSettings, Participants]]:
    """Divide the cohort into blocks that fit into the processor cache, each with its own seed."""
    for start in range(0, settings.participants, BLOCK):
        block = participants.select(start, start + BLOCK)
        seed = int(stream(settings.seed, f"block {start}").integers(2**63 - 1))
        yield dataclasses.replace(settings, participants=len(block.name), seed=seed), block


def _part(settings: SyntheticSettings, participants: Participants, climate: Climate) -> _Part:
    calendar = calendar_of(settings, participants)
    exposures = simulate_exposures(settings, participants, calendar, climate)
    course = simulate_course(settings, participants, exposures, calendar.drifted)
    entries = sample_entries(settings)
    probability = course.probability.ravel()
    truth = (
        probability[entries.cell],
        probability[entries.cell + settings.participants],
        course.same_day.ravel()[entries.cell],
        participants.rate[entries.person],
    )
    return _Part(diary_columns(settings, participants, exposures | course.grids, entries), np.stack(truth))


def open_synthetic(options: Mapping[str, Any], contract: Contract = CONTRACT) -> Delivery:
    """Return the cohort as a delivery of one Parquet file, with values of the custom fields of `contract`.

    Raises `ConfigurationError` for an invalid option.
    """
    settings = settings_from(options)
    diary = generate(settings).frame
    custom = custom_fields(contract)
    if custom:
        diary = with_custom_fields(diary, custom, seed=settings.seed)
    if settings.dirt:
        diary, _ = corrupt(diary, share=settings.dirt, seed=settings.seed, contract=contract)
    file = source_file(FILE_NAME, _parquet(diary))
    return Delivery(
        source="synthetic",
        description=settings.describe(),
        frame=_raw(diary),
        horizon=1,
        files=(file,),
        md5=file.md5,
        notes=(NOTE, *((CUSTOM_NOTE,) if custom else ())),
    )


def _parquet(diary: pd.DataFrame) -> bytes:
    """Encode the diary deterministically, without metadata such as the version of pandas."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pandas(diary, preserve_index=False).replace_schema_metadata(None)
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()


def _raw(diary: pd.DataFrame) -> pd.DataFrame:
    """Add the provenance columns of a raw frame; every cell is readable."""
    rows = len(diary)
    columns = {name: diary[name].to_numpy() for name in diary}
    columns["source_file"] = np.full(rows, FILE_NAME, dtype=object)
    columns["source_row"] = np.arange(1, rows + 1, dtype=np.int64)
    columns |= {name: np.full(rows, None, dtype=object) for name in READING}
    return pd.DataFrame(columns, copy=False)
