"""The sentences of reasons as data: what a browser fills in where no service writes them.

`serving/page/edge/sentences.js` reads it. Not here: the sentences (`serving.wording.sentences`).
"""

from collections.abc import Iterable
from typing import Any

from migraine_assets.core.contract import Field
from serving.wording import sentences
from serving.wording.languages import LANGUAGES, Language, translations


def reason_forms(fields: Iterable[Field]) -> dict[Language, dict[str, Any]]:
    """Return the parts of the sentences about `fields` in every language, as JSON values.

    Pairs are singular and plural. A field has one of `choices` (the words for 0 and for other values), `categories`
    (names and their codes) and `form` (of a number).
    """
    fields = list(fields)
    return {language: _forms(fields, language) for language in LANGUAGES}


def _forms(fields: list[Field], language: Language) -> dict[str, Any]:
    text = translations(language)

    def both(pair: tuple[str, str]) -> list[str]:
        return [text.ngettext(*pair, 1), text.ngettext(*pair, 2)]

    return {
        "labeled": text.gettext(sentences.LABELED),
        "not_reported": text.gettext(sentences.NOT_REPORTED),
        "unchanged": text.gettext(sentences.UNCHANGED),
        "earlier": both(sentences.EARLIER),
        "attacks": both(sentences.ATTACKS),
        "higher": {kind: both(pair) for kind, pair in sentences.HIGHER.items()},
        "lower": {kind: both(pair) for kind, pair in sentences.LOWER.items()},
        "fields": {field.name: _field(field, language) for field in fields},
    }


def _field(field: Field, language: Language) -> dict[str, Any]:
    parts: dict[str, Any] = {"label": sentences.label_of(field, language)}
    if choices := sentences.choices_of(field, language):
        return {**parts, "choices": choices}
    if field.kind == "category":
        return {**parts, "categories": dict(field.encoding.numbers) if field.encoding else {}}
    return {**parts, "form": sentences.form_of(field, language)}
