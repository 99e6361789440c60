"""The sheet: what it shows, that it stands alone, and that it is one page on paper."""

import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from migraine_assets.core.person.agreement import agreement
from migraine_assets.sheet.page import SheetFacts, sheet_page
from migraine_assets.sheet.pdf import BROWSERS, write_pdf
from migraine_assets_tests.unit.report.markup import Page, parse
from migraine_assets_tests.unit.sheet.sheets import full_summary, short_summary

DAYS = np.arange(140, dtype=np.int64)
OUTCOME = (DAYS % 4 == 0) * 1.0
AGREEMENT = agreement(DAYS, np.full(140, 0.25), np.full(140, 0.3), OUTCOME)
FACTS = SheetFacts("p<01>", "diary of <a> & b", model="Model: knn 0123456789ab.", outcome="An attack on the next day.")
FULL = replace(FACTS, simulated=True, agreement=replace(AGREEMENT, abstained=3), attack="a day with pain of at least 5")


def text_of(page: Page) -> str:
    return " ".join(" ".join(page.text).split())


def test_a_full_page_says_what_was_counted() -> None:
    summary = full_summary()
    page = parse(sheet_page(summary, FULL))
    text = text_of(page)
    assert "p<01>" in text
    assert "diary of <a> & b" in text
    assert f"{summary.attacks} attack days of 182 known days" in text
    assert "Simulated: the model was trained on simulated diaries." in text
    assert "An attack day is a day with pain of at least 5." in text
    assert "An attack on the next day. 140 days with a forecast" in text
    assert "for 3 days the model gave none" in text
    assert "observed / expected 1.00" in text
    assert "corrected for 22 comparisons" in text
    assert "Brier score 0.188; own rate of the days before" in text


def test_the_calendar_has_every_day_once() -> None:
    summary = full_summary()
    classes = [attributes.get("class") or "" for attributes in parse(sheet_page(summary, FACTS)).elements("td")]
    days = [name.split() for name in classes if name.split()[:1] in (["attack"], ["free"], ["unknown"], ["outside"])]
    assert len(days) == 31 * len(summary.months)
    whole = summary.whole_months
    for state, count in (("attack", (whole.attack == 1).sum()), ("unknown", np.isnan(whole.attack).sum())):
        assert sum(state in names for names in days) == count
    assert sum("drug" in names for names in days) == (whole.drug == 1).sum()
    severe = (whole.severity >= 7).sum()
    assert sum("level3" in names for names in days) == severe > 0


def test_a_short_diary_says_that_nothing_can_be_said() -> None:
    text = text_of(
        parse(sheet_page(short_summary(), replace(FACTS, agreement=agreement(DAYS[:3], *[OUTCOME[:3]] * 3))))
    )
    assert "Too few days to compare" in text
    assert "No exposure has enough days to be compared. Nothing can be said." in text
    assert "drugs not recorded" in text
    assert "×" in text
    assert "1 of 4 days have no entry" in text
    assert "Never filled: Sleep hours," in text


def test_without_a_model_the_page_says_so() -> None:
    text = text_of(parse(sheet_page(short_summary(), SheetFacts("p", "d"))))
    assert "No model has been promoted, so there are no forecasts to compare." in text
    assert "may have been trained" not in text


@pytest.mark.parametrize("facts", [FULL, FACTS])
def test_the_page_stands_alone_and_has_no_script(facts: SheetFacts) -> None:
    content = sheet_page(full_summary(), facts)
    page = parse(content)
    assert page.elements("script") == page.elements("link") == page.elements("img") == []
    assert page.attributes("src") == page.attributes("href") == []
    assert b"url(" not in content
    assert b"@import" not in content
    (policy,) = [a["content"] for a in page.elements("meta") if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy == "default-src 'none'; style-src 'unsafe-inline'"


@pytest.mark.parametrize("summary", [full_summary(seed=2), short_summary()], ids=["full", "short"])
def test_no_word_states_a_cause(summary: object) -> None:
    text = text_of(parse(sheet_page(summary, FULL))).replace("An association is not a cause.", "")  # type: ignore[arg-type]
    causal = r"caus|trigger|because|due to|leads? to|effect|influenc|provok|prevents|responsib|risk factor|protect"
    assert re.findall(causal, text, re.IGNORECASE) == []


@pytest.mark.slow
@pytest.mark.skipif(not any(map(shutil.which, BROWSERS)), reason="Chromium is not installed.")
@pytest.mark.parametrize("summary", [full_summary(), full_summary(112)], ids=["longest", "longest in large type"])
def test_it_is_one_page_on_paper(summary: object, tmp_path: Path) -> None:
    long = replace(FULL, source="diary of a clinic with a long description, " * 3)
    write_pdf(tmp_path / "sheet.pdf", sheet_page(summary, long))  # type: ignore[arg-type]
    content = (tmp_path / "sheet.pdf").read_bytes()
    assert len(re.findall(rb"/Type\s*/Page\b", content)) == 1
    # A4 in points.
    assert re.search(rb"/MediaBox\s*\[0 0 59[45][\d.]* 84[12]", content)
    assert [path.name for path in tmp_path.iterdir()] == ["sheet.pdf"]
