"""A SIMULATED cohort of headache diaries: nobody in it exists, and it teaches nothing about migraine.

It is for trying, testing and showing the platform. Its figures are set so that forecasting is as hard as it is
in life: most of what can be known is how often somebody has attacks, and knowing everything tells a person's
days with an attack from the others with an AUC of only .60 to .65. Sources of the figures:

- AMPP (Lipton et al. 2007, Neurology 68:343): four in five are women, age 46 +- 14; one in eight takes
  a preventive drug.
- N1-Headache cohort (app diaries): attack-day rate per participant, 5/25/50/75/95 % at .08/.15/.21/.28/.56, and
  perimenstrual days -2 to +3 (203 women, 53,302 days: odds ratio 1.34).
- Lipton 2014 (Neurology 82:1395): a decline in stress 1.5-1.9 on the next day, its level near null.
- Bertisch 2020 (Neurology 94:e489): low sleep efficiency 1.39 on day +1, hours of sleep null.
- Mostofsky 2019 (Am J Med 132:984) for caffeine, from three servings on; and for alcohol, in the same
  participants, Mostofsky 2020 (Ann Med 52:386): 2.08 for five drinks or more, null for one or two.
- Mukamal 2009 (Neurology 72:922): barometric pressure .939 per 5 mmHg.
- Giffin 2003 (Neurology 60:935): which premonitory symptoms come, and that they come before attacks.
- Park 2016 (PLOS ONE 11:e0149577): intensity 4.4 +- 2.2 of all headaches and 5.7 +- 2.2 of migraine, which is
  what a row's attack is here; which triggers people name. Duration: a median of 6-9 h in diary studies.
- Houle 2017 (Headache 57:1041): the current state of the head belongs in the forecast, whose AUC was .65 in
  people that it had not seen.

Each figure stands beside its line in the modules of `cohort` (`people`, `effects`, `outcomes`). Here belongs the
assembly into a cohort and a delivery. Not here: what happens to a diary afterwards.
"""

import dataclasses
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from migraine_assets.core.contract import NAMES
from migraine_assets.sources.cohort.attacks import unfold
from migraine_assets.sources.cohort.calendar import calendar_of
from migraine_assets.sources.cohort.climate import Climate, climate_of
from migraine_assets.sources.cohort.corruption import soil
from migraine_assets.sources.cohort.entries import Columns, entries, write_down
from migraine_assets.sources.cohort.exposures import expose
from migraine_assets.sources.cohort.people import People, recruit
from migraine_assets.sources.cohort.rng import Floats, stream
from migraine_assets.sources.cohort.settings import SyntheticSettings, settings_from
from migraine_assets.sources.files.delivery import READING, Delivery, source_file

BLOCK = 500  # participants
FILE_NAME = "synthetic.parquet"
NOTE = "This cohort is simulated: it shows how the platform works and says nothing about people with migraine."


@dataclass(frozen=True)
class Cohort:
    """A diary and the truth about it, row by row; the truth is never a column of the diary.

    frame: the contract's columns, sorted by participant and date, one row per entry.
    probability: float64 (rows,), that there is an attack on the row's own day, given the person's traits (rate,
        cycle) and everything that happened up to the day before, written down or not.
    next_day: float64 (rows,), the same for the day after the row's, given everything up to the row's day: what
        no forecast with horizon 1 can beat. It is there even where the diary has no entry for that day.
    same_day: float64 (rows,), `probability` updated with the symptoms of the row's own day: what no nowcast
        (horizon 0) can beat.
    rate: float64 (rows,), the share of attack days that the participant tends to, without drift.
    """

    frame: pd.DataFrame
    probability: Floats
    next_day: Floats
    same_day: Floats
    rate: Floats


def generate(settings: SyntheticSettings) -> Cohort:
    """The cohort that `settings` describes, always clean: `dirt` is added on delivery. Deterministic."""
    people, climate = recruit(settings), climate_of(settings)
    parts = [_part(*block, climate) for block in _blocks(settings, people)]
    diary = {name: np.concatenate([part.diary[name] for part in parts]) for name in NAMES}
    truth = np.concatenate([part.truth for part in parts], axis=1)
    return Cohort(pd.DataFrame(diary, copy=False), *truth)


@dataclass(frozen=True)
class _Part:
    """The rows of some participants; `truth` holds the float fields of `Cohort`, in their order."""

    diary: Columns
    truth: Floats


def _blocks(settings: SyntheticSettings, people: People) -> Iterator[tuple[SyntheticSettings, People]]:
    """The cohort in blocks that fit a processor's cache, each with a seed of its own."""
    for start in range(0, settings.participants, BLOCK):
        some = people.some(start, start + BLOCK)
        seed = int(stream(settings.seed, f"block {start}").integers(2**63 - 1))
        yield dataclasses.replace(settings, participants=len(some.name), seed=seed), some


def _part(settings: SyntheticSettings, people: People, climate: Climate) -> _Part:
    calendar = calendar_of(settings, people)
    exposures = expose(settings, people, calendar, climate)
    course = unfold(settings, people, exposures, calendar.drifted)
    kept = entries(settings)
    probability = course.probability.ravel()
    truth = (
        probability[kept.cell],
        probability[kept.cell + settings.participants],
        course.same_day.ravel()[kept.cell],
        people.rate[kept.person],
    )
    return _Part(write_down(settings, people, exposures | course.grids, kept), np.stack(truth))


def open_synthetic(options: Mapping[str, Any]) -> Delivery:
    """The cohort as a delivery of one Parquet file. Raises `ConfigurationError` for an option it cannot use."""
    settings = settings_from(options)
    diary = generate(settings).frame
    if settings.dirt:
        diary, _ = soil(diary, share=settings.dirt, seed=settings.seed)
    file = source_file(FILE_NAME, _parquet(diary))
    return Delivery(
        source="synthetic",
        description=settings.describe(),
        frame=_raw(diary),
        horizon=1,
        files=(file,),
        md5=file.md5,
        notes=(NOTE,),
    )


def _parquet(diary: pd.DataFrame) -> bytes:
    """The same bytes for the same diary: no metadata that names the version of pandas."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pandas(diary, preserve_index=False).replace_schema_metadata(None)
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()


def _raw(diary: pd.DataFrame) -> pd.DataFrame:
    """`diary` with the place of each row in the file; every cell was read."""
    rows = len(diary)
    columns = {name: diary[name].to_numpy() for name in diary}
    columns["source_file"] = np.full(rows, FILE_NAME, dtype=object)
    columns["source_row"] = np.arange(1, rows + 1, dtype=np.int64)
    columns |= {name: np.full(rows, None, dtype=object) for name in READING}
    return pd.DataFrame(columns, copy=False)
