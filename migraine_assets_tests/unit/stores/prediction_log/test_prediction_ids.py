import base64
import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migraine_assets.stores.prediction_log.prediction_ids import ID_LENGTH, is_genuine, made_at, make_id, make_ids

SECRET, OTHER = b"one", b"two"


def test_an_id_is_genuine_only_under_its_secret() -> None:
    identity = make_id(SECRET, time=1_700_000_000.5)
    assert len(identity) == ID_LENGTH
    assert is_genuine(SECRET, identity)
    assert not is_genuine(OTHER, identity)


def test_an_id_contains_its_time() -> None:
    assert made_at(make_id(SECRET, time=1_700_000_000.5)) == dt.datetime(2023, 11, 14, 22, 13, 20, 500_000, dt.UTC)
    assert made_at("no id") is None


def test_ids_of_the_same_moment_differ() -> None:
    assert len({make_id(SECRET, time=1.0) for _ in range(1000)}) == 1000


@pytest.mark.parametrize("count", [1, 3, 70_000])
def test_the_ids_of_a_batch_are_genuine_and_distinct(count: int) -> None:
    family = make_ids(SECRET, count, time=1.0)
    assert len(set(family)) == len(family) == count
    assert all(is_genuine(SECRET, identity) for identity in (*family[:300], family[-1]))
    assert not is_genuine(OTHER, family[-1])


def test_a_position_outside_the_batch_is_not_genuine() -> None:
    """A client that knows three ids of a batch cannot forge the id of a fourth."""
    content = bytearray(base64.urlsafe_b64decode(make_ids(SECRET, 3, time=1.0)[2]))
    content[14] += 1
    assert not is_genuine(SECRET, base64.urlsafe_b64encode(content).decode())


def test_no_id_of_a_batch_follows_from_the_others() -> None:
    """No signature from the ids of a client is valid for a neighboring id."""
    contents = [base64.urlsafe_b64decode(identity) for identity in make_ids(SECRET, 600, time=1.0)]
    signatures = {content[15:] for content in contents}
    assert len(signatures) == 600
    neighbor = contents[300][:15]
    forged = [base64.urlsafe_b64encode(neighbor + signature).decode() for signature in signatures]
    assert sum(is_genuine(SECRET, identity) for identity in forged) == 1


def test_ids_of_older_batches_which_share_a_signature_are_not_genuine_but_keep_their_time() -> None:
    identity = "AYvP5WgA_ZvUmB4AAwACoYNviaGXaTtL"
    assert not is_genuine(SECRET, identity)
    assert made_at(identity) == dt.datetime(2023, 11, 14, 22, 13, 20, tzinfo=dt.UTC)


@pytest.mark.parametrize("place", [0, 5, 12, 20, 31])
def test_an_id_with_one_character_changed_is_not_genuine(place: int) -> None:
    identity = make_id(SECRET, time=1_700_000_000.0)
    other = "A" if identity[place] != "A" else "B"
    assert not is_genuine(SECRET, identity[:place] + other + identity[place + 1 :])


@settings(max_examples=200)
@given(st.one_of(st.text(max_size=40), st.text(alphabet="ABCabc019-_=+/ ", min_size=ID_LENGTH, max_size=ID_LENGTH)))
def test_arbitrary_text_is_not_genuine_and_never_raises(text: str) -> None:
    assert not is_genuine(SECRET, text)
    made_at(text)
