"""The expected hashes come from DVC 3: `dvc add` of the same files, and the listing in its cache."""

from migraine_assets.core.dvc_hash import directory_listing, directory_md5, md5

FILES = {
    "b.csv": b"a,b\n1,2\n",
    "a.csv": b"a,b\r\n3,4\r\n",
    "é x.csv": b"x\n",
    "sub/z.csv": b"y\n",
    "a-b.csv": b"q",
    "a/q.csv": b"w",
}


def test_a_file_has_the_md5_that_dvc_writes_for_it() -> None:
    assert md5(b"a,b\n1,2\n") == "e5ebd4c02cefbe7955977c67ada242b7"


def test_line_ends_are_part_of_the_identity_as_in_dvc_3() -> None:
    assert md5(b"a,b\r\n3,4\r\n") == "6ef5ae4e77a9abbeea9dbde01e0de354"


def test_a_folder_has_the_hash_that_dvc_writes_for_it_whatever_the_order_of_its_files() -> None:
    entries = [(name, md5(content)) for name, content in FILES.items()]
    assert directory_md5(entries) == "f5ec56c681f2fbdd77911d28ad2438f0.dir"
    assert directory_md5(reversed(entries)) == directory_md5(entries)


def test_the_listing_is_dvcs_json_with_escaped_names() -> None:
    listing = directory_listing([("é x.csv", "401b30e3b8b5d629635a5c613cdb7919")])
    assert listing == b'[{"md5": "401b30e3b8b5d629635a5c613cdb7919", "relpath": "\\u00e9 x.csv"}]'
