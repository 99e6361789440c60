"""A forecast as an HL7 FHIR R4 `RiskAssessment`, for clients that accept `application/fhir+json`.

Not here: the forecast (`serving.api.compose`), the form that a client accepts (`serving.api.answer_form`).
https://hl7.org/fhir/R4/riskassessment.html
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from migraine_assets.prediction.risk import Band
from serving.contract.responses import Attack, Prediction

MEDIA_TYPE = "application/fhir+json"
# The identifier of a prediction. Not the id of the resource: it may have an underscore, which FHIR does not allow.
IDENTIFIERS = "urn:migraine:prediction"
_MIGRAINE = {"system": "http://snomed.info/sct", "code": "37796009", "display": "Migraine"}
_RISK = "http://terminology.hl7.org/CodeSystem/risk-probability"
# FHIR has no code between high and certain.
_CODES: Mapping[Band, tuple[str, str]] = {
    "low": ("low", "Low likelihood"),
    "moderate": ("moderate", "Moderate likelihood"),
    "high": ("high", "High likelihood"),
    "very_high": ("high", "High likelihood"),
}


def risk_assessment(prediction: Prediction, participant: str | None, *, now: dt.datetime) -> dict[str, Any]:
    """Return the resource as JSON. `now`: when the forecast was made, with a time zone.

    After an abstention its status is cancelled, and it has no prediction.
    """
    model = prediction.model.attack
    resource: dict[str, Any] = {
        "resourceType": "RiskAssessment",
        "identifier": [{"system": IDENTIFIERS, "value": prediction.prediction_id}],
        "status": "cancelled" if prediction.attack is None else "final",
        "subject": {"identifier": {"value": participant}} if participant else {"display": "anonymous"},
        "occurrenceDateTime": now.isoformat(timespec="seconds"),
    }
    if model is not None:
        resource["method"] = {"text": f"{model.algorithm}, bundle {model.bundle}"}
    if prediction.attack is not None:
        resource["prediction"] = [_prediction(prediction, prediction.attack)]
    if prediction.warnings:
        resource["note"] = [{"text": warning.message} for warning in prediction.warnings]
    return resource


def _prediction(prediction: Prediction, attack: Attack) -> dict[str, Any]:
    outcome, usual = prediction.outcome, attack.relative_to_usual
    code, display = _CODES[attack.risk_band]
    first = outcome.first_date if outcome else prediction.for_date
    last = outcome.last_date if outcome else prediction.for_date
    return {
        "outcome": {"coding": [_MIGRAINE], "text": outcome.description if outcome else "Migraine attack"},
        # R4 states a decimal in percent.
        "probabilityDecimal": round(100 * attack.probability, 4),
        "qualitativeRisk": {
            "coding": [{"system": _RISK, "code": code, "display": display}],
            "text": attack.risk_band.replace("_", " "),
        },
        **({"relativeRisk": round(usual.ratio, 4), "rationale": usual.sentence} if usual else {}),
        "whenPeriod": {"start": first, "end": last},
    }
