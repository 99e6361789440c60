"""The wording of findings."""

from migraine_assets.core.quality.finding import MAX_ROWS, figure, finding, listed, percent, plural, share


def test_a_finding_passes_exactly_where_nothing_failed() -> None:
    good = finding("name", [], good="All is well.", blocking=True)
    bad = finding("name", ["One.", "Two."], good="All is well.", blocking=True)
    assert (good.passed, good.reason) == (True, "All is well.")
    assert (bad.passed, bad.reason) == (False, "One. Two.")


def test_a_long_table_is_cut_and_says_so() -> None:
    rows = [(str(number), "x") for number in range(MAX_ROWS + 3)]
    table = finding("name", [], good="", blocking=False, columns=("a", "b"), rows=rows).rows
    assert len(table) == MAX_ROWS + 1
    assert table[-1] == ("... and 3 more", "")
    exact = finding("name", [], good="", blocking=False, columns=("a", "b"), rows=rows[:MAX_ROWS]).rows
    assert exact == tuple(rows[:MAX_ROWS])


def test_numbers_read_as_a_person_writes_them() -> None:
    assert (figure(31.0), figure(0.123456789)) == ("31", "0.123457")
    assert (percent(0.0512), percent(share(0, 0))) == ("5.1 %", "0.0 %")
    assert (plural(1, "row"), plural(1234, "row")) == ("1 row", "1,234 rows")
    assert listed(["a", "b", "c"], most=2) == "a, b and 1 more"
