"""Limits, intended use and ethical considerations of reports and models, in sentences.

Not here: sentences about results (`report.text.interpretation`).
"""

from migraine_assets.core.evaluation.results import TaskEvaluation
from migraine_assets.core.evaluation.subgroups import MIN_PARTICIPANTS
from migraine_assets.report.text.labels import plural

FEW_PARTICIPANTS = 30

ALWAYS = (
    "The participants come from one source. Habits, climate, treatment and the way a diary is kept differ elsewhere: "
    "check calibration on local data before relying on a probability.",
    "Importance is association. An input that a model uses is not necessarily a trigger, and avoiding it may not help.",
    "The intervals cover the sampling of participants only. They do not cover the choice of models, of parameters, "
    "or of the definition of an attack.",
    "Diaries are self-reported. A day without an entry is not a day without an attack.",
)

USE = (
    "Showing patients, or the team that treats them, how likely an attack is, next to the patient’s own past rate.",
    "Research on forecasting, and comparison with later models.",
)

NOT_FOR = (
    "Diagnosis, or decisions to start, change or stop a treatment.",
    "Emergencies: a sudden, new or different headache needs a physician, whatever a forecast says.",
    "Employment, insurance, or any other judgment of a person.",
    "People unlike the participants described here (age, diagnosis, country), without validation on local data.",
)

ETHICS = (
    "A forecast can cause worry, and worry can bring on an attack; a missed attack can cost trust. Let patients choose "
    "whether and when they see a forecast, and show its uncertainty.",
    "Diaries are health data. Participants appear under pseudonyms only, and groups of fewer than "
    f"{MIN_PARTICIPANTS} participants are not scored.",
    "Fairness is unknown for groups that were too small to be scored. Unknown does not mean fair.",
    "Avoiding triggers can restrict a life. The model does not know which avoidance is worth its cost.",
)

_SAME_DAY = (
    "Same-day question: an entry on an attack day may be a consequence of the attack (rest, darkness, a missed meal) "
    "rather than a warning. The model recognizes attack days; it is not a forecast."
)
_CONDITIONAL = "Severity is conditional on an attack: it does not say how likely an attack is."
_ONE_PERSON = (
    "All of this is the diary of one person: the model and its results say nothing about anybody else. The intervals "
    "are by a bootstrap over the weeks of the diary, and hold as long as habits and attacks stay as they were."
)
_MARGINAL = "The coverage of the conformal interval holds on average over all participants, not for each of them."


def limits(evaluation: TaskEvaluation) -> tuple[str, ...]:
    """Return the limits of this evaluation: those of its data, of its question, and those of every evaluation."""
    return (*_of_data(evaluation), *_of_question(evaluation), *ALWAYS)


def _of_data(evaluation: TaskEvaluation) -> tuple[str, ...]:
    sentences = []
    if evaluation.one_person:
        sentences.append(_ONE_PERSON)
    elif evaluation.test.participants < FEW_PARTICIPANTS:
        participants = plural(evaluation.test.participants, "participant")
        sentences.append(f"The test part has only {participants}: its results are rough, however many days it has.")
    small = sorted({f"{group.dimension}: {group.label}" for group in evaluation.subgroups if group.reason})
    if small:
        sentences.append(f"Performance is unknown for groups that were too small to be scored ({'; '.join(small)}).")
    return tuple(sentences)


def _of_question(evaluation: TaskEvaluation) -> tuple[str, ...]:
    severity = evaluation.task == "severity"
    rules = (
        (evaluation.horizon == 0, _SAME_DAY),
        (severity and evaluation.severity_kind == "severity", _CONDITIONAL),
        (severity, _MARGINAL),
    )
    return tuple(sentence for applies, sentence in rules if applies)
