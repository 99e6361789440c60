import pytest

from migraine_assets.sources.columns.words import DASHES, FALSE, MONTHS, NOTHING, NULLS, TRUE, folded


def test_no_word_means_two_things() -> None:
    groups = (TRUE, FALSE, NULLS, DASHES, NOTHING)
    words = [word for group in groups for word in group]
    assert len(words) == len(set(words))


@pytest.mark.parametrize(("word", "number"), [("août", 8), ("Févr.", 2), ("ŞUBAT", 2), ("września", 9), ("Май", 5)])
def test_months_are_known_with_accents_and_case(word: str, number: int) -> None:
    assert MONTHS[folded(word)] == number


def test_every_month_has_names() -> None:
    assert set(MONTHS.values()) == set(range(1, 13))
