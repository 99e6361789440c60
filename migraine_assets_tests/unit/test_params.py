"""The parameter file: what it may hold, and the sentence for everything else."""

import datetime
from dataclasses import fields
from operator import attrgetter
from pathlib import Path

import pytest

from migraine_assets.core.models.catalogue import TABLE
from migraine_assets.errors import ConfigurationError
from migraine_assets.params import BOUNDS, Params, default_path, load_params
from migraine_assets_tests.support.small_diary import write_params


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a parameter file goes."""
    return tmp_path / "params.yaml"


def test_the_file_that_comes_with_the_package_says_what_the_defaults_are() -> None:
    assert load_params() == load_params(default_path())
    assert load_params().hyperparameters("attack", "knn") == {}


def test_an_empty_file_is_all_defaults(file: Path) -> None:
    file.write_text("# nothing\n")
    assert load_params(file) == Params()


def test_values_are_of_the_type_that_uses_them(file: Path) -> None:
    file.write_text("training: {seed: 11}\nvalidation: {earliest_date: 2000-01-01}\nflags: {slope: [0.5, 2]}\n")
    found = load_params(file)
    assert found.training.seed == 11
    assert found.validation.earliest_date == datetime.date(2000, 1, 1)
    assert found.flags.slope == (0.5, 2.0)
    assert found.folds == Params().folds, "what is not said keeps its default"


def test_hyperparameters_are_found_by_task_and_model(file: Path) -> None:
    write_params(file)
    found = load_params(file)
    assert found.hyperparameters("severity", "random_forest") == {"n_estimators": 8}
    assert found.hyperparameters("severity", "linear") == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("trainig: {}", "there is no parameter 'trainig'. Did you mean 'training'?"),
        ("training: {sed: 1}", "there is no parameter 'training.sed'. Did you mean 'seed'?"),
        ("training:", "'training' must hold names with values, not None"),
        ("[1]", "'the file' must hold names with values"),
        ("training: {seed: x}", "'training.seed' is 'x': Input should be a valid integer"),
        ("folds: {test_share: 5}", "'folds.test_share' is 5.0; it must be between 0.01 and 0.9"),
        ("promotion: {margin: .nan}", "'promotion.margin' is nan; it must be between"),
        ("models: {attak: {}}", "'models.attak' is no task. The tasks are attack and severity."),
        ("models: {attack: {knnn: {}}}", "The task 'attack' has no model 'knnn': did you mean 'knn'?"),
        ("models: {severity: {knn: {}}}", "The task 'severity' has no model 'knn'"),
        ("models: {attack: {knn: {n_neighbours: 3}}}", "did you mean 'n_neighbors'?"),
        ("models: {attack: {knn: {n_neighbors: -1}}}", "must be a whole number of at least 1"),
        ("models: {attack: }", "'models.attack' is None"),
        ("a: [", "is not valid YAML"),
    ],
)
def test_what_cannot_be_used_is_told_with_file_place_and_remedy(file: Path, text: str, said: str) -> None:
    file.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        load_params(file)
    assert str(file) in str(caught.value)
    assert said in str(caught.value)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00t", b"\x00"])
def test_what_is_no_text_is_told(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"params\.yaml"):
        load_params(file)


@pytest.mark.parametrize("make", [Path.is_file, Path.mkdir], ids=["absent", "folder"])
def test_a_file_that_cannot_be_read_is_told(file: Path, make: object) -> None:
    make(file)  # type: ignore[operator]  # either of the two
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_params(file)


@pytest.mark.parametrize("bound", BOUNDS, ids=lambda bound: bound.place)
def test_a_bound_holds_the_default_and_no_more_than_itself(file: Path, bound: object) -> None:
    place, low, high = attrgetter("place", "low", "high")(bound)
    assert low <= attrgetter(place)(Params()) <= high
    section, name = place.split(".")
    file.write_text(f"{section}: {{{name}: {low - 1:g}}}")
    with pytest.raises(ConfigurationError, match=f"'{place}' is"):
        load_params(file)


def test_every_hyperparameter_of_every_model_can_be_set_to_its_default(file: Path) -> None:
    models = {"attack": {}, "severity": {}}
    for estimator in TABLE:
        models[estimator.task][estimator.key] = dict(estimator.defaults)
    import yaml

    file.write_text(yaml.safe_dump({"models": models}))
    assert load_params(file).models.keys() == models.keys()


def test_every_section_is_a_field() -> None:
    assert {item.name for item in fields(Params)} == {
        "validation", "quality", "preprocess", "folds", "training", "search", "flags", "promotion", "monitoring",
        "automation", "models",
    }  # fmt: skip
