"""A participant's name is removed from text only if it is a word of its own."""

import json
import zlib

import pytest

from migraine_assets.stores.redaction import ERASED, Redactor

ROW = {"__class__": "TableRecord", "data": {"participant_id": "K001", "sleep_hours": "7.5"}}
OTHER = {"__class__": "TableRecord", "data": {"participant_id": "K0011", "sleep_hours": "6"}}


@pytest.mark.parametrize(
    ("name", "text", "cleaned"),
    [
        ("K001", "K001 has sex = F, M.", f"{ERASED} has sex = F, M."),
        ("K001", "K0011, xK001 and K001-b are others", "K0011, xK001 and K001-b are others"),
        ("K001", "read from K001.csv", f"read from {ERASED}.csv"),
        ("Zoë", "Zoë or zoë", f"{ERASED} or zoë"),
        ("a.b", "a.b but not axb", f"{ERASED} but not axb"),
        ("7", "7 rows of '7' and \"7\"", f"7 rows of '{ERASED}' and \"{ERASED}\""),
        ("7", "no name", "no name"),
    ],
)
def test_a_name_counts_as_a_word(name: str, text: str, cleaned: str) -> None:
    assert Redactor(name).clean(text) == cleaned


def test_a_row_of_a_table_is_removed_whole() -> None:
    """The other cells also belong to the participant."""
    event = {"metadata": [{"label": "first rows", "records": [ROW, OTHER]}], "message": "K001 looks like k001"}
    cleaned = json.loads(Redactor("K001").clean(json.dumps(event)))
    assert cleaned == {
        "metadata": [{"label": "first rows", "records": [OTHER]}],
        "message": f"{ERASED} looks like k001",
    }


@pytest.mark.parametrize("name", ["raw_diary", "attack"])
def test_what_connects_records_is_never_changed(name: str) -> None:
    """Even if a participant has the name of an asset, the database can still be read."""
    event = {"__class__": name, "step_key": name, "asset_key": {"path": [name]}, "text": name}
    cleaned = json.loads(Redactor(name).clean(json.dumps(event)))
    assert cleaned["step_key"] == cleaned["__class__"] == name
    assert cleaned["asset_key"] == {"path": [name]}
    assert cleaned["text"] == ERASED


@pytest.mark.parametrize("name", ["Zoë", 'quote"d', "K001"])
def test_json_within_json_is_cleaned(name: str) -> None:
    inner = json.dumps({"note": f"see {name} there"})
    text = json.dumps({"data": inner, "log": f"prefix {inner}"})
    cleaned = Redactor(name).clean(text)
    assert not any(spelling in cleaned for spelling in Redactor(name).spellings)
    assert json.loads(json.loads(cleaned)["data"]) == {"note": f"see {ERASED} there"}


def test_text_without_the_name_is_returned_as_it_is() -> None:
    text = '{"b":1,  "a": [1.0]}'
    assert Redactor("K001").clean(text) is text
    assert Redactor("K001").clean(text.replace("b", "K0011")) == text.replace("b", "K0011")


def test_compressed_and_other_bytes() -> None:
    redactor = Redactor("K001")
    assert zlib.decompress(redactor.clean_bytes(zlib.compress(b"of K001"))) == f"of {ERASED}".encode()
    assert redactor.clean_bytes(b"of K001") == f"of {ERASED}".encode()
    assert redactor.clean_bytes(b"\xff K001") == b"\xff K001", "not text"
