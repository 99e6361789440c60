from migraine_assets.core.monitoring.verdict import Verdict, worst


def test_the_most_alarming_status_keeps_the_reasons_of_all_that_share_it() -> None:
    verdict = worst([Verdict("none", ("a",)), Verdict("drift", ("b",)), Verdict("suspected"), Verdict("drift", ("c",))])
    assert verdict == Verdict("drift", ("b", "c"))
    assert verdict.alarms


def test_any_status_outranks_too_little_data() -> None:
    assert worst([Verdict("too little data", ("a",)), Verdict("none", ("b",))]) == Verdict("none", ("b",))


def test_no_verdicts_are_too_little_data() -> None:
    assert worst([]).status == "too little data"
