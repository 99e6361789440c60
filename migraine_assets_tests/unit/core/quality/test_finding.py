from migraine_assets.core.quality.finding import MAX_ROWS, finding


def test_a_finding_passes_exactly_if_nothing_failed() -> None:
    passing = finding("name", [], success="No failure.", blocking=True)
    failing = finding("name", ["One.", "Two."], success="No failure.", blocking=True)
    assert (passing.passed, passing.reason) == (True, "No failure.")
    assert (failing.passed, failing.reason) == (False, "One. Two.")


def test_a_long_table_is_truncated_with_a_note() -> None:
    rows = [(str(number), "x") for number in range(MAX_ROWS + 3)]
    table = finding("name", [], success="", blocking=False, columns=("a", "b"), rows=rows).rows
    assert len(table) == MAX_ROWS + 1
    assert table[-1] == ("... and 3 more", "")
    exact = finding("name", [], success="", blocking=False, columns=("a", "b"), rows=rows[:MAX_ROWS]).rows
    assert exact == tuple(rows[:MAX_ROWS])
