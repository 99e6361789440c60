"""A small diary in which attacks and their severity can be forecast, so that a run of seconds ends in champions.

Real diaries are much harder; nothing about the models' worth can be learnt from this one.
"""

from pathlib import Path

import numpy as np
import pandas as pd

# Every model shrunk to what a test needs; the pipeline around them is the real one.
PARAMS = """\
training: {seed: 7, threads: 1, replicates: 30}
folds: {folds: 3}
promotion: {replicates: 30}
models:
  attack:
    logistic_regression: {max_iter: 100}
    random_forest: {n_estimators: 8}
    gradient_boosting: {max_iter: 8}
    xgboost: {n_estimators: 8}
    lightgbm: {n_estimators: 8}
    knn: {n_neighbors: 20}
  severity:
    random_forest: {n_estimators: 8}
    gradient_boosting: {max_iter: 8}
    xgboost: {n_estimators: 8}
    lightgbm: {n_estimators: 8}
"""


def diary(seed: int = 1, *, people: int = 15, days: int = 40, noise: float = 0.3) -> pd.DataFrame:
    """`people` x `days` rows; stress foretells an attack on the next day, and each person has an own severity."""
    random = np.random.default_rng(seed)
    rows = []
    for person in range(people):
        stress = random.integers(1, 11, days)
        drive = np.concatenate([[0.0], (stress[:-1] > 6) * 1.0])
        attack = random.random(days) < noise * 0.5 + (1 - noise) * drive * 0.9
        severity = np.clip(np.round(2 + person % 5 + random.normal(0, 0.7, days) + drive), 1, 10)
        rows.append(
            pd.DataFrame(
                {
                    "participant_id": f"p{person:02d}",
                    "date": pd.date_range("2024-01-01", periods=days) + pd.Timedelta(days=person),
                    "age": 30 + person,
                    "sex": "F" if person % 3 else "M",
                    "stress_level": stress,
                    "sleep_hours": np.round(random.normal(7, 1, days), 1),
                    "migraine_occurrence": attack.astype(int),
                    "migraine_severity": np.where(attack, severity, np.nan),
                }
            )
        )
    return pd.concat(rows, ignore_index=True)


def write_diary(path: Path, seed: int = 1, *, people: int = 15, days: int = 40, noise: float = 0.3) -> Path:
    """`diary` as a CSV file at `path`."""
    diary(seed, people=people, days=days, noise=noise).to_csv(path, index=False)
    return path


def write_params(path: Path, *, replace: tuple[str, str] = ("", "")) -> Path:
    """`PARAMS` as a file, with the first place of one text in it replaced."""
    assert replace[0] in PARAMS
    path.write_text(PARAMS.replace(*replace, 1) if replace[0] else PARAMS)
    return path
