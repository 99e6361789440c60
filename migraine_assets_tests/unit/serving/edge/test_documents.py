"""Models as data for a browser: the JavaScript that reads them computes the same features, bit for bit."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from migraine_assets.core.diary.cleaning import Cleaner
from migraine_assets.core.features import engine
from migraine_assets.core.features.daily import DAY_OPERATIONS
from migraine_assets.core.features.diary import Diary
from migraine_assets.core.features.operations import OPERATIONS
from migraine_assets.core.features.table import default_plan, default_recipe
from serving.edge import documents
from serving.edge.folder import PAGE

NODE = shutil.which("node")
ROWS = 10_000

# Reads people as JSON, and writes the features of each of their days as float32.
SCRIPT = """
import { readFileSync, writeFileSync } from "node:fs";
import { clean } from "./cleaning.js";
import { featuresOf } from "./features.js";
const { recipe, horizon, people } = JSON.parse(readFileSync("people.json", "utf8"));
const rows = people.flatMap(({ day, columns }) => {
  const values = Object.entries(columns).map(([name, c]) => [name, Float64Array.from(c, (v) => v ?? NaN)]);
  return day.map((_, k) => {
    const known = new Map(values.map(([name, c]) => [name, c.slice(0, k + 1)]));
    return featuresOf(day.slice(0, k + 1), clean(known, recipe.cleaning), recipe, horizon);
  });
});
const width = recipe.features.length;
const all = new Float32Array(rows.length * width);
rows.forEach((row, k) => all.set(row, k * width));
writeFileSync("features.bin", Buffer.from(all.buffer));
"""


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    """A folder with the modules of the page that need no browser."""
    if NODE is None:
        pytest.skip("Node.js is not installed. On Debian: apt-get install nodejs")
    for name in ("cleaning.js", "features.js"):
        shutil.copy(PAGE / "edge" / name, tmp_path)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    return tmp_path


def run(script: str, folder: Path) -> str:
    (folder / "script.js").write_text(script)
    done = subprocess.run((str(NODE), "script.js"), cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def days_of_people(random: np.random.Generator) -> list[tuple[Any, dict[str, Any]]]:
    """Days and columns of people with gaps, nulls, values beyond the limits of cleaning, and whole missing columns."""
    people, rows = [], 0
    while rows < ROWS:
        count = int(random.integers(1, 120))
        day = 12_000 + random.integers(0, 5000) + np.cumsum(random.choice([1, 1, 1, 1, 2, 3, 10, 40], size=count))
        columns = {}
        for field in default_recipe().fields:
            if field.numeric:
                low, high = field.low or 0.0, 500.0 if field.high is None else field.high
                exact = random.uniform(low, high, count)
                values = random.integers(0, 2, count) * 1.0 if field.kind != "number" else random.choice(
                    [exact, exact.round(1), exact.round()]
                )  # fmt: skip
                values[random.random(count) < random.choice([0, 0.2, 0.7, 1])] = np.nan
                columns[field.column] = values
        people.append((day.astype(np.int64), columns))
        rows += count
    return people


@pytest.mark.parametrize("horizon", [1, 5])
def test_a_browser_computes_the_features_of_python_bit_for_bit(scripts: Path, horizon: int) -> None:
    recipe, people = default_recipe(), days_of_people(np.random.default_rng(horizon))
    names = tuple(people[0][1])
    values = np.concatenate([np.array([columns[name] for name in names]) for _, columns in people], axis=1)
    cleaned = Cleaner(recipe.cleaning, names).clean(values)
    person = np.repeat(np.arange(len(people)), [len(day) for day, _ in people])
    diary = Diary(person, np.concatenate([day for day, _ in people]), True, dict(zip(names, cleaned, strict=True)))
    expected = engine.compute(diary, horizon=horizon, plan=default_plan())
    content = {
        "recipe": documents.recipe_document(recipe),
        "horizon": horizon,
        "people": [
            {
                "day": day.tolist(),
                "columns": {name: np.where(np.isnan(v), None, v).tolist() for name, v in columns.items()},
            }
            for day, columns in people
        ],
    }
    (scripts / "people.json").write_bytes(msgspec.json.encode(content))
    run(SCRIPT, scripts)
    computed = np.fromfile(scripts / "features.bin", dtype=np.float32).reshape(-1, len(recipe.features))
    assert len(computed) >= ROWS
    assert (cleaned != values)[~np.isnan(values)].any()
    null = np.isnan(expected)
    assert np.array_equal(np.isnan(computed), null)
    assert np.array_equal(np.where(null, 0, computed.view(np.uint32)), np.where(null, 0, expected.view(np.uint32)))


def test_a_browser_computes_the_operations_that_the_build_lets_through(scripts: Path) -> None:
    computed = json.loads(
        run('import { COMPUTED } from "./features.js"; console.log(JSON.stringify(COMPUTED));', scripts)
    )
    assert {*computed["day"]} == documents.DAY_OPERATIONS
    assert {*computed["window"]} == documents.OPERATIONS


def test_the_features_of_any_attack_need_no_other_operation() -> None:
    recipe = default_recipe()
    assert {feature.operation for feature in recipe.features} <= documents.OPERATIONS
    assert {quantity.operation for quantity in recipe.quantities} <= documents.DAY_OPERATIONS
    assert {(name, 1) for name in documents.OPERATIONS} <= {(each.name, each.version) for each in OPERATIONS}
    assert {(name, 1) for name in documents.DAY_OPERATIONS} <= {(each.name, each.version) for each in DAY_OPERATIONS}
