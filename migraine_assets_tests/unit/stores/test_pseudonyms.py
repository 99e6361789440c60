from migraine_assets.stores.pseudonyms import pseudonym

SECRET, OTHER = b"one", b"two"


def test_a_pseudonym_is_stable_depends_on_the_secret_and_hides_the_name() -> None:
    assert pseudonym(SECRET, "anna") == pseudonym(SECRET, "anna")
    assert pseudonym(SECRET, "anna") not in (pseudonym(OTHER, "anna"), pseudonym(SECRET, "Anna"))
    assert "anna" not in pseudonym(SECRET, "anna")


def test_a_pseudonym_of_invalid_unicode_does_not_raise() -> None:
    assert len(pseudonym(SECRET, "\ud800")) == 32
