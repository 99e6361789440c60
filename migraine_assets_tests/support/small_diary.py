"""A small diary with predictable attacks and severities, so that a run of seconds ends with champions.

Real diaries are much harder: scores on this one are no evidence about the models.
"""

from pathlib import Path

import numpy as np
import pandas as pd

# Small models in the real pipeline.
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


def diary(seed: int = 1, *, participants: int = 15, days: int = 40, noise: float = 0.3) -> pd.DataFrame:
    """Return `participants` x `days` rows. Stress predicts an attack on the next day; the severity varies by person."""
    random = np.random.default_rng(seed)
    rows = []
    for person in range(participants):
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


def write_diary(path: Path, seed: int = 1, *, participants: int = 15, days: int = 40, noise: float = 0.3) -> Path:
    """Write `diary` as a CSV file to `path`."""
    diary(seed, participants=participants, days=days, noise=noise).to_csv(path, index=False)
    return path


def write_params(path: Path, *, replace: tuple[str, str] = ("", "")) -> Path:
    """Write `PARAMS` to a file, with the first occurrence of one text replaced."""
    assert replace[0] in PARAMS
    path.write_text(PARAMS.replace(*replace, 1) if replace[0] else PARAMS)
    return path
