"""The sentences that a browser fills in are those of the service, in every language and for every kind of field."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from migraine_assets.core.contract import CONTRACT, Encoding, Field
from serving.edge.folder import PAGE
from serving.wording.languages import LANGUAGES
from serving.wording.reason_forms import reason_forms
from serving.wording.sentences import Past, Reported, reason

NODE = shutil.which("node")
COUNT = 4000
CUSTOM = (
    Field("place", "category", "exposure", "Where the day was spent.", categories=("home", "work"),
          encoding=Encoding("place_code", {"home": 1.0, "work": 2.0}, "")),
    Field("steps", "number", "exposure", "Steps.", unit="1000", low=0, high=100),
)  # fmt: skip

SCRIPT = """
import { readFileSync, writeFileSync } from "node:fs";
import { sentenceOf } from "./sentences.mjs";
const { forms, cases } = JSON.parse(readFileSync("cases.json", "utf8"));
writeFileSync("out.json", JSON.stringify(cases.map(([language, each]) => sentenceOf(forms[language], language, each))));
"""


@pytest.mark.skipif(NODE is None, reason="Node.js is not installed. On Debian: apt-get install nodejs")
def test_a_browser_writes_the_sentences_of_the_service(tmp_path: Path) -> None:
    random = np.random.default_rng(5)
    fields, cases, expected = (*CONTRACT.fields, *CUSTOM), [], []
    for k in range(COUNT):
        field, language = fields[k % len(fields)], LANGUAGES[int(random.integers(len(LANGUAGES)))]
        kind = str(random.choice(["attack", "severity", "burden"]))
        # Quarters and halves of a point are where the ways to round differ.
        share = float(
            random.choice([random.normal(0, 0.1), random.integers(-40, 41) / 16, random.integers(-9, 9) / 1000])
        )
        encoded = field.kind == "flag" or field.name in ("sex", "migraine_type")
        value = (
            float(random.integers(2))
            if encoded
            else float(random.choice([0, 1, 2, random.integers(-50, 50) / 8, random.normal(900, 99)]))
        )
        known, attacks, days = bool(random.random() < 0.8), int(random.integers(3)), int(random.integers(4))
        reported = Reported(value, int(random.integers(4))) if known else None
        expected.append(reason(field, reported, share, kind=kind, past=Past(attacks, days, 0.1), language=language))
        last = {"value": value, "earlier": reported.days_earlier} if reported else None
        about = {"field": field.name, "kind": field.kind, "share": share, "effect": kind}
        cases.append((language, {**about, "reported": last, "past": [attacks, days]}))
    shutil.copy(PAGE / "edge" / "sentences.js", tmp_path / "sentences.mjs")
    (tmp_path / "cases.json").write_text(json.dumps({"forms": reason_forms(fields), "cases": cases}))
    (tmp_path / "script.mjs").write_text(SCRIPT)
    done = subprocess.run((str(NODE), "script.mjs"), cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    written = json.loads((tmp_path / "out.json").read_text("utf-8"))
    assert [(one, other) for one, other in zip(written, expected, strict=True) if one != other] == []
    assert len({*written}) > COUNT / 4
