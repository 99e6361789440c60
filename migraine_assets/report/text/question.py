"""The prediction task in words: title, question, and the unit of its target.

Not here: the meaning of the results (`report.text.interpretation`).
"""

from migraine_assets.core.evaluation.results import TaskEvaluation
from migraine_assets.core.features.outcome import AttackDefinition, described


def heading(evaluation: TaskEvaluation) -> str:
    """Return the question of a task as a title."""
    day, attack = when(evaluation), evaluation.outcome.attack
    if evaluation.task == "attack" and not attack.plain:
        return (
            f"Who will have {attack.day()} {day}?"
            if evaluation.horizon
            else f"Which days have an attack ({attack.day()})?"
        )
    if evaluation.task == "attack":
        return f"Who will have an attack {day}?" if evaluation.horizon else "Which days are attack days?"
    if evaluation.severity_kind == "burden":
        return "How many headache days in the next week?"
    if evaluation.horizon > 1:
        return f"How severe will an attack {day} be?"
    return "How severe will tomorrow’s attack be?" if evaluation.horizon else "How severe is today’s attack?"


def when(evaluation: TaskEvaluation) -> str:
    """Return the predicted day or days in words."""
    if evaluation.outcome.window == "any":
        return f"in the next {evaluation.horizon} days"
    return day_of(evaluation.horizon)


def day_of(horizon: int) -> str:
    """Return the predicted day in words."""
    return ("today", "tomorrow")[horizon] if horizon < 2 else f"in {horizon} days"


def target(evaluation: TaskEvaluation) -> str:
    """Return what a model predicts, for its card."""
    if evaluation.task == "severity":
        return str(evaluation.severity_kind)
    if evaluation.outcome.default:
        return "attack, yes or no"
    return described(evaluation.outcome, horizon=evaluation.horizon)


def question(evaluation: TaskEvaluation) -> str:
    """Return what the models predict, what is known at that time, and which days are evaluated."""
    text, evaluated = _target(evaluation)
    known = (
        "the whole diary up to this evening, including today’s outcome"
        if evaluation.horizon
        else "today’s exposures, and outcomes only up to the day before"
    )
    return f"{text} Known at that time: {known}. {evaluated}"


def _target(evaluation: TaskEvaluation) -> tuple[str, str]:
    day, attack = when(evaluation), evaluation.outcome.attack
    every = "all of these days" if evaluation.outcome.window == "any" else "an entry for that day"
    if evaluation.task == "attack":
        what = "a migraine attack" if attack.plain else attack.day()
        return (
            f"Will this participant have {what} {day}?",
            f"Evaluated only if the diary has {every}.{_free(attack)}",
        )
    if evaluation.severity_kind == "burden":
        what = "a headache" if attack.plain else attack.day()
        return (
            f"On how many of the next seven days will this participant have {what} (the source has no severity)?",
            "Evaluated only if the diary has all seven days.",
        )
    worst = " worst" if evaluation.outcome.window == "any" else ""
    return (
        f"How severe, from 0 to 10, will the{worst} attack {day} be, given that there is one?",
        "Trained and evaluated on attack days only.",
    )


def _free(attack: AttackDefinition) -> str:
    if not attack.free_days:
        return ""
    days = "day" if attack.free_days == 1 else f"{attack.free_days} days"
    return f" Only the first day of an attack counts: the {days} before must be known to have none."


def unit_of(evaluation: TaskEvaluation) -> str:
    """Return the unit of the severity target: points, or days for a burden."""
    return "days" if evaluation.severity_kind == "burden" else "points"
