"""HL7 FHIR R4: Observations and Conditions of migraine or headache (SNOMED CT, ICD-10), in a bundle or one per line.

An Observation that says "absent" is a day without an attack. The severity is an integer, a quantity, a grade, or one of
these in a component.
Not here: other JSON (`sources.importers.formats.json_documents`).
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from migraine_assets.core.contract import ATTACK
from migraine_assets.errors import DataRefused
from migraine_assets.sources.files.limits import SourceLimits
from migraine_assets.sources.importers.attacks import Attack, AttackList, Day
from migraine_assets.sources.importers.importer import NoDiary, Reader
from migraine_assets.sources.importers.json_values import as_list, as_mapping, as_number, load_json
from migraine_assets.sources.importers.sheets import Cell
from migraine_assets.sources.importers.times import local_time

# A date such as 2024-01 does not state a day.
_DAY_LENGTH = len("2024-01-31")
SNOMED = "http://snomed.info/sct"
LOINC = "http://loinc.org"
ATTACK_CODES = frozenset({"37796009", "25064002"})
# ICD-10 and ICD-10-CM: migraine, and headache.
ICD_CODES = ("G43", "R51")
# SNOMED CT grades as the middle of the mild, moderate and severe ranges of a scale from 0 to 10; "absent" and "no".
GRADES: Mapping[str, float] = {"255604002": 2.0, "6736007": 5.0, "24484000": 8.0}
WORDS: Mapping[str, float] = {"mild": 2.0, "moderate": 5.0, "severe": 8.0}
ABSENT = frozenset({"2667000", "373067005", "260415000", "LA32-8"})
# LOINC: pain severity, as a score from 0 to 10 or in words.
SEVERITY_CODES = frozenset({"72514-3", "38208-5"})
_VOID = ("entered-in-error", "cancelled", "refuted")


def _is_bundle(content: bytes) -> bool:
    head = content[:65_536].lstrip(b"\xef\xbb\xbf \t\r\n")
    if not head.startswith((b"{", b"[")) or b'"resourceType"' not in head:
        return False
    return any(kind in head for kind in (b'"Bundle"', b'"Observation"', b'"Condition"'))


def _read(name: str, content: bytes, _: SourceLimits) -> AttackList:
    resources = _resources(name, content)
    attacks: list[Attack] = []
    daily: dict[Day, dict[str, Cell]] = {}
    graded = undated = 0
    for position, resource in enumerate(resources, 1):
        if not _is_about_attacks(resource):
            continue
        severity, absent, was_graded = _severity(resource)
        graded += was_graded
        start, end = _period(name, position, resource)
        if start is None:
            undated += 1
        elif absent:
            daily.setdefault((_subject(resource), start.date()), {})[ATTACK] = "0"
        else:
            attacks.append(Attack(start, position, end, _subject(resource), severity))
    if undated and undated > len(attacks) // 10:
        raise DataRefused(f"{name}: {undated} entries about migraine have no effective date. Add effectiveDateTime.")
    if not attacks:
        raise NoDiary(f"{name} is FHIR without an Observation or Condition of migraine (SNOMED CT 37796009).")
    others = len(resources) - len(attacks) - len(daily) - undated
    notes = (
        *((f"{name}: {others} other resources were ignored.",) if others else ()),
        *((f"{name}: {undated} entries about migraine have no date and were left out.",) if undated else ()),
        *((f"{name}: grades (mild, moderate, severe) were read as 2, 5 and 8 of 10.",) if graded else ()),
    )
    return AttackList(name, attacks, daily, notes)


def _resources(name: str, content: bytes) -> list[Mapping[str, Any]]:
    """Return the resources of a bundle, of a list, or of lines with one resource each (bulk export)."""
    try:
        document = load_json(name, content, "FHIR bundle")
    except DataRefused:
        lines = [line for line in content.splitlines() if line.strip()]
        if len(lines) < 2:
            raise
        document = [load_json(name, line, "FHIR bundle") for line in lines]
    entries = document if isinstance(document, list) else [document]
    resources: list[Mapping[str, Any]] = []
    for entry in map(as_mapping, entries):
        if entry.get("resourceType") == "Bundle":
            resources += [as_mapping(as_mapping(item).get("resource")) for item in as_list(entry.get("entry"))]
        else:
            resources.append(as_mapping(entry.get("resource")) or entry)
    return resources


def _is_about_attacks(resource: Mapping[str, Any]) -> bool:
    if resource.get("resourceType") not in ("Observation", "Condition") or resource.get("status") in _VOID:
        return False
    if any(code in _VOID for _, code in _codings(resource.get("verificationStatus"))):
        return False
    return any(
        (system == SNOMED and code in ATTACK_CODES) or ("icd-10" in system and code.startswith(ICD_CODES))
        for system, code in _codings(resource.get("code"))
    )


def _period(name: str, position: int, resource: Mapping[str, Any]) -> tuple[dt.datetime | None, dt.datetime | None]:
    """Return start and end of an Observation or a Condition, with the zones that they state; None if unknown."""
    times: list[dt.datetime | None] = []
    for part, single in (
        ("start", ("effectiveDateTime", "effectiveInstant", "onsetDateTime")),
        ("end", ("abatementDateTime",)),
    ):
        periods = [as_mapping(resource.get(key)) for key in ("effectivePeriod", "onsetPeriod")]
        texts = [*(resource.get(key) for key in single), *(period.get(part) for period in periods)]
        text = next((text for text in texts if isinstance(text, str) and len(text) >= _DAY_LENGTH), None)
        try:
            times.append(None if text is None else local_time(text, file=name, line=position, keep_zone=True))
        except DataRefused:
            times.append(None)
    start, end = times
    if start is None or end is None or (start.tzinfo is None) != (end.tzinfo is None) or end < start:
        return start, None
    return start, end


def _severity(resource: Mapping[str, Any]) -> tuple[float | None, bool, bool]:
    """Return the severity, whether the attack is absent, and whether the severity was a grade."""
    if resource.get("valueBoolean") is False:
        return None, True, False
    parts = [resource, *(part for part in map(as_mapping, as_list(resource.get("component"))) if _is_severity(part))]
    for part in parts:
        value = part.get("valueInteger", as_mapping(part.get("valueQuantity")).get("value"))
        if (number := as_number(value)) is not None:
            return (number if 0 <= number <= 10 else None), part is resource and number == 0, False
    concepts = [*(part.get("valueCodeableConcept") for part in parts), resource.get("severity")]
    for concept in concepts:
        codes = {code for _, code in _codings(concept)}
        if codes & ABSENT:
            return None, True, False
        words = f"{as_mapping(concept).get('text') or ''} {' '.join(_displays(concept))}".casefold()
        grade = next((GRADES[code] for code in codes if code in GRADES), None)
        grade = grade if grade is not None else next((WORDS[word] for word in WORDS if word in words), None)
        if grade is not None:
            return grade, False, True
    return None, False, False


def _is_severity(component: Mapping[str, Any]) -> bool:
    codes = _codings(component.get("code"))
    words = " ".join((*_displays(component.get("code")), str(as_mapping(component.get("code")).get("text") or "")))
    return any(system == LOINC and code in SEVERITY_CODES for system, code in codes) or any(
        word in words.casefold() for word in ("severity", "intensity")
    )


def _codings(concept: Any) -> list[tuple[str, str]]:
    codings = map(as_mapping, as_list(as_mapping(concept).get("coding")))
    return [(str(coding.get("system") or ""), str(coding.get("code") or "")) for coding in codings]


def _displays(concept: Any) -> list[str]:
    return [str(as_mapping(coding).get("display") or "") for coding in as_list(as_mapping(concept).get("coding"))]


def _subject(resource: Mapping[str, Any]) -> str | None:
    reference = as_mapping(resource.get("subject")).get("reference")
    return reference.rpartition("/")[2] if isinstance(reference, str) and reference else None


FHIR = Reader(
    "fhir",
    "HL7 FHIR R4: Observations and Conditions of migraine or headache, in a bundle or one per line.",
    _is_bundle,
    _read,
)
