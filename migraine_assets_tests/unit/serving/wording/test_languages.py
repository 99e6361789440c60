"""The language of an answer, and translations that are complete and have the placeholders of the English sentence."""

import re

import pytest

from serving.wording.languages import LANGUAGES, Language, catalog, negotiate, translations
from serving.wording.sentences import MESSAGES, PLURALS

TRANSLATED = [language for language in LANGUAGES if language != "en"]


def placeholders(text: str) -> list[str]:
    return sorted(re.findall(r"\{\w+\}", text))


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_sentence_is_translated_and_none_beside(language: Language) -> None:
    messages = catalog(language)
    header = messages.pop("")
    assert f"Language: {language}\n" in header
    assert set(messages) == {*MESSAGES, *("\0".join(forms) for forms in PLURALS)}
    for english, translated in messages.items():
        originals, forms = english.split("\0"), translated.split("\0")
        assert len(originals) == len(forms)
        for original, form in zip(originals, forms, strict=True):
            assert form.strip()
            assert placeholders(original) == placeholders(form)


@pytest.mark.parametrize(
    ("language", "count", "expected"),
    [("de", 1, "1 Tag zuvor"), ("de", 0, "0 Tage zuvor"), ("es", 2, "2 días antes"), ("fr", 0, "0 jour plus tôt"),
     ("fr", 2, "2 jours plus tôt"), ("en", 1, "1 day earlier")],
)  # fmt: skip
def test_each_language_has_its_own_plural(language: Language, count: int, expected: str) -> None:
    text = translations(language).ngettext("{value} ({days} day earlier)", "{value} ({days} days earlier)", count)
    assert expected in text.format(value="x", days=count)


@pytest.mark.parametrize(
    ("accepted", "language"),
    [("de", "de"), ("de-CH, fr;q=0.8", "de"), ("pt, FR;q=0.3, es ; q=.7", "es"), ("pt", "en"), ("*", "en"), ("", "en"),
     ("fr;q=0, de;q=x", "en"), (",;;q=,de;", "de"), ("de;q=nan", "en"), ("fr, de", "fr")],
)  # fmt: skip
def test_the_accepted_language_of_highest_quality_wins(accepted: str, language: str) -> None:
    assert negotiate(accepted) == language
