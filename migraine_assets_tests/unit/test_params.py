"""The parameter file: its accepted content, and the error messages for anything else."""

import datetime
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from operator import attrgetter
from pathlib import Path

import pytest
from annotated_types import Interval as Range

from migraine_assets.core.models.catalogue import TABLE
from migraine_assets.errors import ConfigurationError
from migraine_assets.params import Params, default_path, load_params
from migraine_assets_tests.support.small_diary import write_params


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The path of a parameter file."""
    return tmp_path / "params.yaml"


def test_the_file_in_the_package_is_read_by_default() -> None:
    assert load_params() == load_params(default_path())
    assert load_params().hyperparameters("attack", "knn") == {}


def test_an_empty_file_is_all_defaults(file: Path) -> None:
    file.write_text("# nothing\n")
    assert load_params(file) == Params()


def test_values_have_the_type_of_their_setting(file: Path) -> None:
    file.write_text("training: {seed: 11}\nvalidation: {earliest_date: 2000-01-01}\nflags: {slope: [0.5, 2]}\n")
    params = load_params(file)
    assert params.training.seed == 11
    assert params.validation.earliest_date == datetime.date(2000, 1, 1)
    assert params.flags.slope == (0.5, 2.0)
    assert params.folds == Params().folds, "a parameter that is not set keeps its default"


def test_hyperparameters_are_found_by_task_and_model(file: Path) -> None:
    write_params(file)
    params = load_params(file)
    assert params.hyperparameters("severity", "random_forest") == {"n_estimators": 8}
    assert params.hyperparameters("severity", "linear") == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("trainig: {}", "there is no parameter 'trainig'. Did you mean 'training'?"),
        ("training: {sed: 1}", "there is no parameter 'training.sed'. Did you mean 'seed'?"),
        ("training: {sed: 1, seed: -1}", "'training.seed' is -1; it must be between 0 and 4294967295."),
        ("training:", "'training' must be a mapping of names to values, not None"),
        ("[1]", "'the file' must be a mapping of names to values"),
        ("1: 2", "there is no parameter '1'. Known parameters: contract, outcome,"),
        ("training: {seed: x}", "'training.seed' is 'x'; it must be a valid integer"),
        ("folds: {test_share: 5}", "'folds.test_share' is 5; it must be between 0.01 and 0.9"),
        ("promotion: {margin: .nan}", "'promotion.margin' is nan; it must be between 0 and 1."),
        (
            "automation: {cool_down_hours: -1}",
            "cool_down_hours' is -1; it must be greater than or equal to 0",
        ),
        ("automation: {cool_down_hours: .inf}", "'automation.cool_down_hours' is inf; it must be a finite number."),
        ("preprocess: {clips: [{field: sleep_hours, low: x, high: 9}]}", "'preprocess.clips.0.low' is 'x'; it must be"),
        (
            "preprocess: {clips: [{feild: sleep_hours}]}",
            "'preprocess.clips.0.feild'. Did you mean 'field'?",
        ),
        ("preprocess: {clips: [{field: snoring, low: 1, high: 9}]}", "snoring"),
        (
            "contract: {bounds: {hydratoin: {high: 8}}}",
            "no numeric field 'hydratoin' with bounds to change. Did you mean 'hydration'?",
        ),
        ("contract: {bounds: {hydration: {hihg: 8}}}", "Did you mean 'high'"),
        ("contract: {bounds: {hydration: {high: x}}}", "'contract.bounds.hydration.high' is 'x'"),
        ("contract: {bounds: {hydration: {low: 12}}}", "must be below the upper one"),
        ("preprocess: {clips: [{field: hydration, low: null, high: 12}]}", "within the contract's"),
        ("models: {attak: {}}", "there is no 'models.attak': the name must be 'attack' or 'severity'."),
        ("models: {attack: {knnn: {}}}", "The task 'attack' has no model 'knnn': did you mean 'knn'?"),
        ("models: {severity: {knn: {}}}", "The task 'severity' has no model 'knn'"),
        ("models: {attack: {knn: {n_neighbours: 3}}}", "did you mean 'n_neighbors'?"),
        ("models: {attack: {knn: {n_neighbors: -1}}}", "must be a whole number of at least 1"),
        ("models: {attack: }", "'models.attack' must be a mapping of names to values, not None"),
        ("a: [", "is not valid YAML"),
    ],
)
def test_an_error_names_the_file_the_parameter_and_what_is_allowed(file: Path, text: str, message: str) -> None:
    file.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        load_params(file)
    assert str(file) in str(caught.value)
    assert message in str(caught.value)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00t", b"\x00"])
def test_a_binary_file_is_refused(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"params\.yaml"):
        load_params(file)


@pytest.mark.parametrize("make", [Path.is_file, Path.mkdir], ids=["absent", "folder"])
def test_an_unreadable_file_is_refused(file: Path, make: object) -> None:
    make(file)  # type: ignore[operator]  # either of the two
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_params(file)


def bounded(settings: object, path: str = "") -> Iterator[tuple[str, Range]]:
    """Return every parameter whose type has a range, by its path."""
    for item in fields(settings):  # type: ignore[arg-type]  # a dataclass
        value, name = getattr(settings, item.name), f"{path}{item.name}"
        yield from ((name, each) for each in getattr(item.type, "__metadata__", ()) if isinstance(each, Range))
        if is_dataclass(value):
            yield from bounded(value, f"{name}.")


RANGES = tuple(bounded(Params()))


@pytest.mark.parametrize(("path", "allowed"), RANGES, ids=[path for path, _ in RANGES])
def test_a_range_contains_the_default_and_its_ends_but_nothing_beyond(file: Path, path: str, allowed: Range) -> None:
    *sections, name = path.split(".")
    text = f"{{{name}: {{}}}}"
    for section in reversed(sections):
        text = f"{{{section}: {text}}}"
    assert allowed.ge <= attrgetter(path)(Params()) <= allowed.le
    for value in (allowed.ge, allowed.le):
        file.write_text(text.replace("{}", str(value)))
        assert attrgetter(path)(load_params(file)) == value
    for value in (allowed.ge - 1, allowed.le + 1):
        file.write_text(text.replace("{}", str(value)))
        with pytest.raises(ConfigurationError, match=f"'{path}' is {value}; it must be between {allowed.ge} and"):
            load_params(file)


def test_every_error_of_a_file_is_reported_at_once(file: Path) -> None:
    file.write_text("trainig: {}\nfolds: {folds: 1}\n")
    with pytest.raises(ConfigurationError, match=r"(?s)'folds.folds' is 1.*there is no parameter 'trainig'"):
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
        "contract", "outcome", "validation", "quality", "preprocess", "folds", "training", "search", "flags",
        "evaluation", "promotion", "monitoring", "automation", "sources", "models",
    }  # fmt: skip


def test_other_bounds_make_room_for_other_limits(file: Path) -> None:
    text = (
        "contract: {bounds: {hydration: {high: 15}}}\npreprocess: {clips: [{field: hydration, low: null, high: 12}]}\n"
    )
    file.write_text(text)
    params = load_params(file)
    contract = params.diary_contract()
    assert contract.by_name["hydration"].high == 15
    assert [(clip.field, clip.high) for clip in params.cleaning(contract).clips] == [("hydration", 12)]
