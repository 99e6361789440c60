"""The prediction task in words: title, question, and the unit of its target.

Not here: what the results mean (`report.text.interpretation`).
"""

from migraine_assets.core.evaluation.results import TaskEvaluation


def heading(evaluation: TaskEvaluation) -> str:
    """Return the question of a task as a title."""
    day = day_of(evaluation.horizon)
    if evaluation.task == "attack":
        return f"Who will have an attack {day}?" if evaluation.horizon else "Which days are attack days?"
    if evaluation.severity_kind == "burden":
        return "How many headache days in the next week?"
    if evaluation.horizon > 1:
        return f"How severe will an attack {day} be?"
    return "How severe will tomorrow’s attack be?" if evaluation.horizon else "How severe is today’s attack?"


def day_of(horizon: int) -> str:
    """Return the predicted day in words."""
    return ("today", "tomorrow")[horizon] if horizon < 2 else f"in {horizon} days"


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
    day = day_of(evaluation.horizon)
    if evaluation.task == "attack":
        return (
            f"Will this participant have a migraine attack {day}?",
            "Evaluated only where the diary has an entry for that day.",
        )
    if evaluation.severity_kind == "burden":
        return (
            "On how many of the next seven days will this participant have a headache (the source has no severity)?",
            "Evaluated only where the diary has all seven days.",
        )
    return (
        f"How severe, from 0 to 10, will the attack {day} be, given that there is one?",
        "Trained and evaluated on attack days only.",
    )


def unit_of(evaluation: TaskEvaluation) -> str:
    """Return the unit of the severity target: points, or days for a burden."""
    return "days" if evaluation.severity_kind == "burden" else "points"
