from migraine_assets.core.formatting import figure, listed, percent, plural, share


def test_numbers_and_lists_are_formatted() -> None:
    assert (figure(31.0), figure(0.123456789)) == ("31", "0.123457")
    assert (percent(0.0512), percent(share(0, 0))) == ("5.1 %", "0.0 %")
    assert (plural(1, "row"), plural(1234, "row")) == ("1 row", "1,234 rows")
    assert listed(["a", "b", "c"], limit=2) == "a, b and 1 more"
