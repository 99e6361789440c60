"""The sentences of a participant's sheet. They state counts, rates and intervals, and never a cause.

Not here: the statistics (`core.person`), the page (`sheet.page`).
"""

import datetime as dt

from migraine_assets.core.formatting import listed, plural
from migraine_assets.core.metrics.formatting import ends, number, percent, signed
from migraine_assets.core.metrics.interval import Interval
from migraine_assets.core.person.agreement import LEAST_FORECASTS, LEAST_OUTCOMES, Agreement
from migraine_assets.core.person.associations import LEAST_DAYS, Association, Associations
from migraine_assets.core.person.completeness import RARELY, Completeness
from migraine_assets.core.person.months import LOWER_LIMIT, UPPER_LIMIT, Month

SIMULATED = "Simulated: the model was trained on simulated diaries. Its numbers are no evidence about migraine."
LIMITS = (
    f"Limits of medication overuse (ICHD-3 8.2), if regular for more than 3 months: {LOWER_LIMIT} days a month for "
    f"triptans, ergots, opioids and combination analgesics, {UPPER_LIMIT} for simple analgesics. The diary does not "
    "say which drug was taken, nor whether it was acute or preventive, so both limits are shown. A count is no "
    "diagnosis."
)
INTERVALS = (
    "Small print: 95 % Wilson intervals. They treat days as independent; attacks of several days make them too narrow."
)
IN_SAMPLE = "The model may have been trained with these days; then it looks better here than on new days."
NO_MODEL = "No model has been promoted, so there are no forecasts to compare."
NOT_COMPARED = "No exposure has enough days to be compared. Nothing can be said."
FINDINGS = {
    "more": "more attacks",
    "fewer": "fewer attacks",
    "unclear": "nothing can be said",
}
_EPOCH = dt.date(1970, 1, 1).toordinal()
# Most names of fields in a sentence.
_NAMES = 14


def title(field: str) -> str:
    """Return the display name of a field: "Sleep hours" for "sleep_hours"."""
    plain = field.replace("_", " ")
    return plain[:1].upper() + plain[1:]


def date(day: int) -> str:
    """Return the date of `day`, days since 1970-01-01, as ISO 8601."""
    return dt.date.fromordinal(day + _EPOCH).isoformat()


def overuse(month: Month) -> str:
    """Compare the drug days of `month` with the limits."""
    if month.overuse == "both":
        return f"at or above both limits ({LOWER_LIMIT} and {UPPER_LIMIT})"
    unknown = plural(month.days - month.drug_known, "day")
    if month.overuse == "lower":
        above = f"at or above {LOWER_LIMIT}"
        return f"{above}; {unknown} not known" if month.most_drugs >= UPPER_LIMIT else f"{above}, below {UPPER_LIMIT}"
    if month.overuse == "below":
        return f"below {LOWER_LIMIT}"
    return f"cannot be compared: {unknown} not known" if month.drug_known else "drugs not recorded"


def share(interval: Interval) -> str:
    """Format a rate in percent."""
    return percent(interval.value)


def share_ends(interval: Interval) -> str:
    """Format the limits of a rate in percent."""
    return f"{100 * interval.ci_low:.0f} to {100 * interval.ci_high:.0f} %" if interval.bounded else ""


def points(interval: Interval) -> str:
    """Format a difference of rates in percentage points with its limits."""
    value, low, high = (signed(100 * end, digits=0) for end in (interval.value, interval.ci_low, interval.ci_high))
    return f"{value} ({low} to {high})"


def split(one: Association) -> str:
    """Say which days count as high."""
    if one.split is None:
        return "yes"
    unit = one.unit if one.unit in ("h", "hPa", "%", "°C", "l") else ""
    return f"{'≥' if one.inclusive else '>'}\u00a0{one.split:g}\u00a0{unit}".replace("-", "−").rstrip()


def compared(found: Associations) -> str:
    """Say what the table of associations compares, and how it is corrected."""
    return (
        f"On {plural(found.days, 'day')} without an attack whose next day is known ({plural(found.attacks, 'attack')} "
        "on it): the attack rate on the next day after high days (above the participant's own median, or yes) minus "
        "that after the other days, in percentage points; 7/16 means 7 attacks after 16 days. Newcombe intervals, "
        f"corrected for {plural(len(found.compared), 'comparison')} (Holm): if nothing were associated, about 5 of 100 "
        "such sheets would show any finding. An association is not a cause."
    )


def too_few(found: Associations) -> str:
    """Name the exposures that cannot be compared."""
    if not found.too_few:
        return ""
    names = listed([title(name) for name in found.too_few], limit=_NAMES)
    return f"Nothing can be said about {names}: fewer than {LEAST_DAYS} high or other days, or too few attacks."


def agreement(found: Agreement, what: str) -> list[str]:
    """Compare forecasts with outcomes. `what`: the description of the predicted outcome."""
    counts = (
        f"Predicted: {what} {plural(found.forecasts, 'day')} with a forecast from the days before and a known outcome"
    )
    without = f"; for {plural(found.abstained, 'day')} the model gave none" if found.abstained else ""
    if not found.enough:
        return [
            f"{counts}{without}.",
            f"Too few days to compare: that needs at least {LEAST_FORECASTS}, with at least {LEAST_OUTCOMES} attacks "
            f"and {LEAST_OUTCOMES} days without. Nothing can be said.",
        ]
    lines = [
        f"{counts}{without}.",
        f"Observed {found.observed}, expected {number(found.expected, digits=1)}; observed / expected "
        f"{number(found.ratio.value, digits=2)} ({ends(found.ratio, digits=2)}): {_level(found.ratio)}",
    ]
    if found.gain.bounded:
        lines.append(
            f"Brier score {number(found.brier)}; own rate of the days before {number(found.own_brier)}. "
            f"Gain {number(found.gain.value)} ({ends(found.gain)}): {_closer(found.gain)}"
        )
    return [*lines, "95 % intervals, computed from weeks."]


def missing(found: Completeness) -> list[str]:
    """Say which days and fields are missing."""
    lines = [
        f"{found.days - found.entered} of {plural(found.days, 'day')} have no entry"
        + (f"; the longest gap is {plural(found.longest_gap, 'day')}." if found.longest_gap else ".")
    ]
    if found.never:
        lines.append(f"Never filled: {listed([title(name) for name in found.never], limit=_NAMES)}.")
    if found.rarely:
        names = [f"{title(name)} ({percent(part)})" for name, part in found.rarely]
        lines.append(f"Filled on fewer than {percent(RARELY)} of the days: {listed(names, limit=_NAMES)}.")
    return lines


def _level(ratio: Interval) -> str:
    if not ratio.bounded:
        return "nothing can be said."
    if ratio.ci_low > 1:
        return "more attacks than the forecasts expected."
    return "fewer attacks than the forecasts expected." if ratio.ci_high < 1 else "no difference can be shown."


def _closer(gain: Interval) -> str:
    if gain.ci_low > 0:
        return "the forecasts are closer to the outcomes."
    return "the own rate is closer to the outcomes." if gain.ci_high < 0 else "no difference can be shown."
