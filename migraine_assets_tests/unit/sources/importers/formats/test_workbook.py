import io
import zipfile
from pathlib import Path

import pytest

from migraine_assets.errors import ConfigurationError, DataRefused
from migraine_assets.sources.files.limits import SourceLimits
from migraine_assets.sources.table import open_table

_SHEET = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{rows}</sheetData></worksheet>'
_PARTS = {
    "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default '
    'Extension="xml" ContentType="application/xml"/><Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>',
    "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship '
    'Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
    'Target="xl/workbook.xml"/></Relationships>',
    "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" '
    'Target="worksheets/sheet1.xml"/><Relationship Id="r2" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/>'
    "</Relationships>",
    "xl/workbook.xml": '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Diary" '
    'sheetId="1" r:id="r1"/></sheets></workbook>',
    "xl/styles.xml": '<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><cellXfs '
    'count="2"><xf numFmtId="0"/><xf numFmtId="14" applyNumberFormat="1"/></cellXfs></styleSheet>',
}


def xlsx(*rows: tuple[object, ...]) -> bytes:
    """Return a minimal workbook, with texts inline and whole numbers above 40,000 as dates."""
    return _workbook("".join(f"<row>{''.join(map(_cell, row))}</row>" for row in rows))


def two_sheets(first: bytes, second: bytes) -> bytes:
    """Return the workbook `first` with the sheet of `second` as an additional sheet "Second"."""
    buffer = io.BytesIO(first)
    with zipfile.ZipFile(io.BytesIO(second)) as source:
        sheet = source.read("xl/worksheets/sheet1.xml")
    parts = {}
    with zipfile.ZipFile(buffer) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = "xl/_rels/workbook.xml.rels"
    more = parts[name].split(b"/>")[0].replace(b"r1", b"r9").replace(b"sheet1.xml", b"sheet2.xml")
    parts[name] = parts[name].replace(
        b"</Relationships>", more[more.index(b"<Relationship ") :] + b"/></Relationships>"
    )
    entry = b'<sheet name="Second" sheetId="2" r:id="r9"/></sheets>'
    parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace(b"</sheets>", entry)
    parts["xl/worksheets/sheet2.xml"] = sheet
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for member, content in parts.items():
            archive.writestr(member, content)
    return written.getvalue()


def _workbook(rows: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**_PARTS, "xl/worksheets/sheet1.xml": _SHEET.format(rows=rows)}.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def _cell(value: object) -> str:
    if isinstance(value, str):
        return f'<c t="inlineStr"><is><t>{value}</t></is></c>'
    style = ' s="1"' if isinstance(value, int) and value > 40_000 else ""
    return f"<c{style}><v>{value}</v></c>"


def test_dates_and_numbers_are_those_that_the_sheet_stores(tmp_path: Path) -> None:
    content = xlsx(
        ("Headache diary",), ("participant_id", "date", "sleep_hours", "migraine_occurrence"),
        ("007", 45300, 6.5, 0), ("007", 45301, 7, 1),
    )  # fmt: skip
    (tmp_path / "diary.xlsx").write_bytes(content)
    delivery = open_table(str(tmp_path / "diary.xlsx"))
    frame = delivery.frame
    assert frame["date"].dt.date.astype(str).tolist() == ["2024-01-09", "2024-01-10"]
    assert frame["participant_id"].tolist() == ["007", "007"]
    assert frame["sleep_hours"].tolist() == [6.5, 7]
    assert frame["source_row"].tolist() == [3, 4]
    assert any("1 lines above the header were skipped" in note for note in delivery.notes)


def test_an_empty_workbook_and_a_bomb_are_refused(tmp_path: Path) -> None:
    (tmp_path / "diary.xlsx").write_bytes(xlsx(("date",)))
    with pytest.raises(DataRefused, match="a workbook without a table"):
        open_table(str(tmp_path / "diary.xlsx"))
    (tmp_path / "diary.xlsx").write_bytes(xlsx(*[("date", "x" * 1000)] * 2000))
    with pytest.raises(DataRefused, match="unpacks to more"):
        open_table(str(tmp_path / "diary.xlsx"), limits=SourceLimits(expanded_mib=1))


def test_a_damaged_workbook_is_refused(tmp_path: Path) -> None:
    content = xlsx(("date", "migraine"), ("2024-01-01", 1))
    start = content.index(b"xl/worksheets/sheet1.xml") + 40
    (tmp_path / "diary.xlsx").write_bytes(content[:start] + b"\0" * 20 + content[start + 20 :])
    with pytest.raises(DataRefused, match="damaged or protected workbook"):
        open_table(str(tmp_path / "diary.xlsx"))


def test_a_cell_at_the_far_end_of_a_sheet_is_refused_without_its_memory(tmp_path: Path) -> None:
    rows = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    (tmp_path / "diary.xlsx").write_bytes(_workbook(rows))  # calamine would take 500 GiB for it
    with pytest.raises(DataRefused, match=r"diary.xlsx ended the process that decodes it \(SIGABRT\)"):
        open_table(str(tmp_path / "diary.xlsx"))


def test_a_mapping_names_the_sheet(tmp_path: Path) -> None:
    header = ("participant_id", "date", "migraine_occurrence")
    content = two_sheets(xlsx(header, ("ann", "2020-01-01", "0")), xlsx(header, ("bea", "2020-01-02", "1")))
    (tmp_path / "d.xlsx").write_bytes(content)
    first = open_table(str(tmp_path / "d.xlsx"))
    assert first.frame["participant_id"].tolist() == ["ann"]
    assert any("sheet 'Diary' was read; 'Second' was not. State 'sheet'" in note for note in first.notes)
    mapping = tmp_path / "m.yaml"
    mapping.write_text("{sheet: Second}")
    second = open_table(str(tmp_path / "d.xlsx"), mapping=str(mapping))
    assert second.frame["participant_id"].tolist() == ["bea"]
    assert not any("was not" in note for note in second.notes)
    mapping.write_text("{sheet: Third}")
    with pytest.raises(DataRefused, match=r"sheet 'Third', which d.xlsx does not have. It has 'Diary', 'Second'"):
        open_table(str(tmp_path / "d.xlsx"), mapping=str(mapping))
    (tmp_path / "d.csv").write_text("participant_id,date,migraine_occurrence\nann,2020-01-01,0\n")
    with pytest.raises(ConfigurationError, match=r"'Third', but d.csv is not a workbook"):
        open_table(str(tmp_path / "d.csv"), mapping=str(mapping))
