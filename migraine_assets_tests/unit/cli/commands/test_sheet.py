"""`migraine sheet`: from the newest delivery and from a file, and its errors."""

import stat
from pathlib import Path

import pytest

from migraine_assets.stores.pseudonyms import pseudonym
from migraine_assets.stores.signing_secret import shared_secret
from migraine_assets_tests.support.homes import Home
from migraine_assets_tests.support.kept_diaries import no_check, open_diaries
from migraine_assets_tests.support.small_diary import diary, write_diary


def test_the_newest_delivery_and_its_file_give_the_same_sheet(trained_home: Home, tmp_path: Path) -> None:
    own = diary().query("participant_id == 'p03'")
    attacks = int(own["migraine_occurrence"].sum())
    source, pages = write_diary(tmp_path / "diary.csv"), []
    for name, arguments in (("a", ()), ("b", (str(source),))):
        target = tmp_path / "out" / f"{name}.html"
        done = trained_home.migraine("sheet", "p03", *arguments, "--to", str(target))
        assert done.code == 0, done.text
        assert f"{attacks} attack days on 40 known days." in done.out
        assert str(target) in done.out
        assert stat.S_IMODE(target.stat().st_mode) == 0o600
        pages.append(target.read_text().partition("<footer>")[0])
    assert pages[0] == pages[1]
    assert "p03" in pages[0]
    assert not [name for name in own["participant_id"].unique() if name != "p03" and name in pages[0]]
    assert trained_home.pointer.tasks["attack"].champion[:12] in pages[0]
    assert "observed / expected" in pages[0]


def test_without_to_the_file_is_named_after_the_participant(
    trained_home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    source = write_diary(tmp_path / "diary.csv", participants=1)
    source.write_text(source.read_text().replace("p00", "../a b"))
    assert trained_home.migraine("sheet", "../a b", str(source), "--days", "28").code == 0
    assert "28 known days" in (tmp_path / "sheet_.._a_b.html").read_text()


def test_a_home_without_models_gives_a_sheet_without_forecasts(home: Home, tmp_path: Path) -> None:
    source, target = write_diary(tmp_path / "diary.csv", participants=5), tmp_path / "a.html"
    done = home.migraine("sheet", "p01", str(source), "--to", str(target))
    assert done.code == 0, done.text
    assert "No model has been promoted" in target.read_text()


@pytest.mark.parametrize(("name", "count"), [("p3", "2 similar ids in it"), ("zzz", "No id in it is similar")])
def test_an_unknown_participant_is_refused_without_naming_others(trained_home: Home, name: str, count: str) -> None:
    done = trained_home.migraine("sheet", name)
    assert (done.code, count in done.err) == (2, True), done.text
    assert not [other for other in diary()["participant_id"].unique() if other in done.text]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--to", "a.docx"), 2, "ends in .html or .pdf"),
        (("--days", "3"), 2, "--days"),
        (("missing.csv",), 2, "There is no file"),
        (("--mapping", "m.yaml"), 2, "--mapping needs a source"),
        (("--to", "/proc/nowhere/a.html"), 1, "cannot be written"),
    ],
)
def test_a_wrong_call_is_explained(trained_home: Home, arguments: tuple[str, ...], code: int, message: str) -> None:
    done = trained_home.migraine("sheet", "p01", *arguments)
    assert (done.code, message in done.err.replace("\n", " ")) == (code, True), done.text


def test_a_pdf_without_chromium_is_refused_before_the_diary_is_read(home: Home, tmp_path: Path) -> None:
    done = home.migraine("sheet", "p01", "--to", "a.pdf", extra={"PATH": str(tmp_path)})
    assert (done.code, "print it to PDF from any browser" in done.err) == (2, True), done.text


def test_a_diary_without_dates_is_refused(home: Home, tmp_path: Path) -> None:
    source = tmp_path / "diary.csv"
    diary(participants=3).drop(columns="date").to_csv(source, index=False)
    done = home.migraine("sheet", "p01", str(source), "--to", str(tmp_path / "a.html"))
    assert (done.code, "has no dates" in done.err) == (3, True), done.text


def test_without_a_delivery_the_command_says_what_to_do(home: Home) -> None:
    done = home.migraine("sheet", "p01")
    assert (done.code, "name the file of a diary" in done.err) == (3, True), done.text


def test_a_kept_diary_is_found_by_the_id_that_the_app_uses(home: Home, tmp_path: Path) -> None:
    secret = shared_secret(home.store)
    with open_diaries(home=home.root, secret=secret) as diaries:
        for owner, days in (("app", 3), ("clinic", 5)):
            for day in range(days):
                diaries.put(owner, "anna", 19_800 + day, {"migraine_occurrence": day % 2}, check=no_check)
        diaries.put("app", "bert", 19_800, {"migraine_occurrence": 1}, check=no_check)
    target = tmp_path / "a.html"
    done = home.migraine("sheet", "anna", "service", "--to", str(target))
    names = [f"{pseudonym(secret, 'anna')}@{owner}" for owner in ("app", "clinic")]
    assert (done.code, all(name in done.err for name in names)) == (2, True), done.text
    done = home.migraine("sheet", names[1], "service", "--to", str(target))
    assert (done.code, "2 attack days on 5 known days." in done.out) == (0, True), done.text
    done = home.migraine("sheet", "bert", "service", "--to", str(target))
    assert (done.code, "<h1>bert</h1>" in target.read_text()) == (0, True), done.text
