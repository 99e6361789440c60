from pathlib import Path

from migraine_assets.stores.diaries.erasure import count_rows, erase_rows
from migraine_assets_tests.support.kept_diaries import no_check, open_diaries


def test_a_participant_is_erased_for_every_owner_and_leaves_no_byte(tmp_path: Path) -> None:
    with open_diaries(home=tmp_path) as diaries:
        for owner in ("north", "south"):
            for value in ("mark-of-anna", "second-mark"):
                diaries.put(owner, "anna", 20_000, {"note": value}, check=no_check)
        diaries.put("north", "berta", 20_000, {"note": "mark-of-berta"}, check=no_check)
        key = diaries.names.pseudonym("anna")
        assert count_rows(diaries.database, key) == {"diary_versions": 2, "diary_days": 2, "diary_participants": 2}
        erase_rows(diaries.database, key)
        assert count_rows(diaries.database, key) == {}
        content = b"".join(path.read_bytes() for path in tmp_path.glob("diaries.db*"))
        assert b"mark-of-berta" in content
        for trace in (b"mark-of-anna", b"second-mark", key.encode()):
            assert trace not in content
        assert diaries.days("north", "berta", first=0, last=30_000)
