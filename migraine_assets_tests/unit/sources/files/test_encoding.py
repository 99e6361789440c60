import gzip

import pytest

from migraine_assets.errors import DataRefused
from migraine_assets.sources.files.encoding import MAGICS, uncompressed, utf8
from migraine_assets.sources.files.limits import SourceLimits

TEXT = "name;Größe\r\nJosé;7,5\r\n" * 50


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_unicode_is_read_with_and_without_a_byte_order_mark(encoding: str) -> None:
    assert utf8("x.csv", TEXT.encode(encoding))[0].decode() == TEXT


def test_utf_16_big_endian_is_read_by_its_byte_order_mark() -> None:
    assert utf8("x.csv", b"\xfe\xff" + TEXT.encode("utf-16-be"))[0].decode() == TEXT


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1"])
def test_a_guessed_western_encoding_is_noted(encoding: str) -> None:
    body, remark = utf8("x.csv", TEXT.encode(encoding))
    assert body.decode() == TEXT
    assert remark == "x.csv was read as cp1252. If letters are wrong, state 'encoding' in the mapping."


def test_unicode_needs_no_note() -> None:
    assert utf8("x.csv", TEXT.encode())[1] is None
    assert utf8("x.csv", TEXT.encode("utf-16"))[1] is None


def test_old_mac_line_ends_become_newlines() -> None:
    assert utf8("x.csv", b"a,b\r1,2\r")[0] == b"a,b\n1,2\n"


@pytest.mark.parametrize("magic", MAGICS, ids=lambda magic: magic.what)
def test_a_known_binary_file_is_refused_by_type(magic) -> None:
    with pytest.raises(DataRefused, match=magic.what):
        utf8("diary.csv", magic.start + bytes(range(256)))


@pytest.mark.parametrize("content", [bytes(range(256)) * 20, b"\x01\x02\x03\x04" * 500, b"\x81\x8d\x8f" * 100])
def test_another_binary_file_is_refused(content: bytes) -> None:
    with pytest.raises(DataRefused, match=r"diary\.csv is a binary file"):
        utf8("diary.csv", content)


def test_a_zero_byte_in_text_does_not_make_it_utf_16() -> None:
    with pytest.raises(DataRefused, match="binary file"):
        utf8("x.csv", TEXT.encode() + b"\0")


def test_a_lone_return_ends_a_line_among_newlines() -> None:
    assert utf8("x.csv", b"a,b\r\n1,2\r3,4\n")[0] == b"a,b\n1,2\n3,4\n"


def test_gzip_is_detected_by_content() -> None:
    assert uncompressed("diary.csv", gzip.compress(b"abc")) == b"abc"
    assert uncompressed("diary.csv", b"abc") == b"abc"


@pytest.mark.parametrize("damage", [lambda packed: packed[:-9], lambda packed: packed[:12] + b"\xff" * 9 + packed[21:]])
def test_a_damaged_gzip_is_refused(damage) -> None:
    with pytest.raises(DataRefused, match="damaged gzip"):
        uncompressed("diary.csv.gz", damage(gzip.compress(TEXT.encode())))


def test_a_gzip_bomb_is_refused_before_it_is_expanded() -> None:
    bomb = gzip.compress(bytes(64 << 20))
    with pytest.raises(DataRefused, match=r"expands to more than 200 times its size.*expansion"):
        uncompressed("diary.csv.gz", bomb)
    with pytest.raises(DataRefused, match="expands to more than 20 MiB"):
        uncompressed("diary.csv.gz", bomb, limits=SourceLimits(expanded_mib=20, expansion=10_000))
    assert len(uncompressed("diary.csv.gz", bomb, limits=SourceLimits(expansion=10_000))) == 64 << 20
