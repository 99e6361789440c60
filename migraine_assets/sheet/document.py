"""The sheet of one participant, made from the diary and the promoted models: for the command line and for the service.

Not here: the statistics (`core.person`), the forecasts (`prediction.past_forecasts`), the page (`sheet.page`), reading
a diary (`cli.forecast_diary`, `serving.input`).
"""

from dataclasses import dataclass, replace

from migraine_assets.core.features.diary import Diary
from migraine_assets.core.features.outcome import OutcomeDefinition
from migraine_assets.core.features.outcome import described as outcome_words
from migraine_assets.core.person.agreement import agreement
from migraine_assets.core.person.summary import PersonSummary, summarize
from migraine_assets.prediction.model_set import ModelSet
from migraine_assets.prediction.past_forecasts import past_forecasts
from migraine_assets.sheet.page import SheetFacts, sheet_page
from migraine_assets.sheet.period import DAYS


@dataclass(frozen=True, eq=False)
class Sheet:
    """A sheet as HTML, and what it summarizes."""

    page: bytes
    summary: PersonSummary


def sheet_of(diary: Diary, models: ModelSet, *, participant: str, source: str, days: int = DAYS) -> Sheet:
    """Return the sheet of the last `days` days of `diary`, the dated and cleaned diary of one participant.

    `participant`: the heading, "" for none. `source`: the description of the diary. Without an attack model, the sheet
    has no forecasts.
    """
    model = models.tasks["attack"].champion if models.ready else None
    definition = model.manifest.definition if model else OutcomeDefinition()
    summary = summarize(diary, days=days, definition=definition.attack, contract=models.contract)
    facts = SheetFacts(participant, source, attack="" if definition.attack.plain else definition.attack.day())
    if model:
        past = past_forecasts(diary, models, first=summary.calendar.first)
        facts = replace(
            facts,
            model=f"Model: {model.manifest.algorithm} {model.bundle.hash[:12]}.",
            outcome=outcome_words(definition, horizon=model.manifest.horizon),
            simulated=model.simulated,
            agreement=agreement(past.day, past.probability, past.own_rate, past.outcome),
        )
    return Sheet(sheet_page(summary, facts), summary)
