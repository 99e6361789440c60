"""HL7 FHIR R4 bundles: Observations of migraine (SNOMED CT 37796009) or headache (25064002).

Not here: other JSON (`sources.importers.formats.json_documents`).
"""

import json
from collections.abc import Mapping
from typing import Any

from migraine_assets.errors import DataRefused
from migraine_assets.sources.files.limits import SourceLimits
from migraine_assets.sources.importers.attacks import Attack, AttackList
from migraine_assets.sources.importers.importer import Reader
from migraine_assets.sources.importers.times import local_time

SNOMED = "http://snomed.info/sct"
ATTACK_CODES = frozenset({"37796009", "25064002"})


def _is_bundle(content: bytes) -> bool:
    return content[:4096].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") and b'"Bundle"' in content[:4096]


def _read(name: str, content: bytes, _: SourceLimits) -> AttackList:
    try:
        document = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise DataRefused(f"{name} is a damaged FHIR bundle ({error}). Export it again.") from error
    resources = [_mapping(_mapping(entry).get("resource")) for entry in _list(document.get("entry"))]
    attacks = [
        _attack(name, position, resource) for position, resource in enumerate(resources, 1) if _is_attack(resource)
    ]
    if not attacks:
        raise DataRefused(f"{name} is a FHIR bundle without an Observation of migraine (SNOMED CT 37796009).")
    others = len(resources) - len(attacks)
    notes = (f"{name}: {others} other resources of the bundle were ignored.",) if others else ()
    return AttackList(name, attacks, notes=notes)


def _is_attack(resource: Mapping[str, Any]) -> bool:
    if resource.get("resourceType") != "Observation" or resource.get("status") in ("entered-in-error", "cancelled"):
        return False
    codings = [_mapping(coding) for coding in _list(_mapping(resource.get("code")).get("coding"))]
    stated = any(coding.get("system") == SNOMED and coding.get("code") in ATTACK_CODES for coding in codings)
    return stated and resource.get("valueBoolean") is not False


def _attack(name: str, position: int, resource: Mapping[str, Any]) -> Attack:
    period = _mapping(resource.get("effectivePeriod"))
    start = resource.get("effectiveDateTime") or period.get("start")
    if not isinstance(start, str):
        raise DataRefused(f"{name} entry {position}: the Observation has no effective date. Add effectiveDateTime.")
    end = period.get("end")
    value = resource.get("valueInteger", _mapping(resource.get("valueQuantity")).get("value"))
    return Attack(
        start=local_time(start, file=name, line=position),
        end=local_time(end, file=name, line=position) if isinstance(end, str) else None,
        line=position,
        participant=_subject(resource),
        severity=float(value) if isinstance(value, int | float) and 0 <= value <= 10 else None,
    )


def _subject(resource: Mapping[str, Any]) -> str | None:
    reference = _mapping(resource.get("subject")).get("reference")
    return reference.rpartition("/")[2] if isinstance(reference, str) and reference else None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


FHIR = Reader("fhir", "HL7 FHIR R4 bundles with Observations of migraine or headache.", _is_bundle, _read)
