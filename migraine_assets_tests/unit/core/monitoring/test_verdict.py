from migraine_assets.core.monitoring.verdict import Verdict, worst


def test_the_most_alarming_counts_with_the_reasons_of_all_that_are_as_alarming() -> None:
    found = worst([Verdict("none", ("a",)), Verdict("drift", ("b",)), Verdict("suspected"), Verdict("drift", ("c",))])
    assert found == Verdict("drift", ("b", "c"))
    assert found.alarms


def test_too_little_data_hides_nothing() -> None:
    assert worst([Verdict("too little data", ("a",)), Verdict("none", ("b",))]) == Verdict("none", ("b",))


def test_of_nothing_nothing_is_known() -> None:
    assert worst([]).status == "too little data"
