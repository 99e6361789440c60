"""What a reader must know before a report or a model is used: limits, intended use, ethics. Sentences only."""

from migraine_assets.core.evaluation.results import TaskEvaluation
from migraine_assets.core.evaluation.subgroups import LEAST_PARTICIPANTS
from migraine_assets.report.text.labels import plural

FEW_PARTICIPANTS = 30

ALWAYS = (
    "The participants come from one source. Elsewhere habits, climate, treatment and the way a diary is kept "
    "differ: check calibration on local data before relying on a probability.",
    "Importance is association. That a model uses an input does not make it a trigger, and avoiding it need not help.",
    "The intervals show what drawing other participants would change. They do not show what other models, "
    "other parameters or another definition of an attack would change.",
    "Diaries are self-reported; days that were not filled in are not days without an attack.",
)

USE = (
    "Showing a person, or the team that treats the person, how likely an attack is, next to the person’s own "
    "past rate.",
    "Research on forecasting, and the comparison of later models.",
)

NOT_FOR = (
    "Diagnosis, or the decision to start, change or stop a treatment.",
    "Emergencies: a sudden, new or different headache needs a physician whatever a forecast says.",
    "Employment, insurance, or any judgement of a person.",
    "People unlike the participants described here (age, diagnosis, country) without checking on local data first.",
)

ETHICS = (
    "A forecast can worry, and worry can bring on an attack; a missed attack can cost trust. Let people choose "
    "whether and when they see it, and show the uncertainty with it.",
    "Diaries are health data. Participants appear under pseudonyms only, and groups of fewer than "
    f"{LEAST_PARTICIPANTS} people are not scored.",
    "Where a group was too small to be scored, nothing is known about fairness to it. That is no sign of fairness.",
    "Advice to avoid triggers can shrink a life. The model does not know which avoidance is worth its price.",
)

_SAME_DAY = (
    "Same-day question: what was written down on an attack day may be its consequence (rest, darkness, a "
    "missed meal) and no warning. This shows which days are attack days; it forecasts nothing."
)
_CONDITIONAL = "Severity is conditional on an attack, and says nothing about whether there will be one."
_MARGINAL = "The conformal interval holds its share of days over all participants, not for each of them."


def limits(evaluation: TaskEvaluation) -> tuple[str, ...]:
    """The limits of this evaluation: those of its data and question, and those of every one."""
    return (*_of_data(evaluation), *_of_question(evaluation), *ALWAYS)


def _of_data(evaluation: TaskEvaluation) -> tuple[str, ...]:
    found = []
    if evaluation.test.participants < FEW_PARTICIPANTS:
        people = plural(evaluation.test.participants, "participant")
        found.append(f"The test part has {people} only, so every figure on it is rough, however many days there are.")
    small = sorted({f"{group.dimension}: {group.label}" for group in evaluation.subgroups if group.reason})
    if small:
        found.append(f"Nothing is known about groups that were too small to be scored ({'; '.join(small)}).")
    return tuple(found)


def _of_question(evaluation: TaskEvaluation) -> tuple[str, ...]:
    severity = evaluation.task == "severity"
    rules = (
        (evaluation.horizon == 0, _SAME_DAY),
        (severity and evaluation.severity_kind == "severity", _CONDITIONAL),
        (severity, _MARGINAL),
    )
    return tuple(sentence for applies, sentence in rules if applies)
