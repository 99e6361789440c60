"""The content of JSON answers: numbers, warnings, abstentions, rollout arms."""

import datetime as dt
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from migraine_assets.prediction.loaded import LoadedModel
from migraine_assets.prediction.model_set import ModelNotReady
from migraine_assets.prediction.predictor import Predictor
from migraine_assets.prediction.risk import risk_band
from migraine_assets.stores.bundles.bundles import load_manifest, write_bundle
from migraine_assets.stores.bundles.provenance import BundleProvenance, add_provenance
from migraine_assets.stores.registry.rollouts import start_rollout
from migraine_assets.stores.store import Store
from migraine_assets_tests.unit.serving.trained import NOON, fresh_store, history, put_in_charge, trained
from serving.api.compose import compose
from serving.api.status import describe
from serving.contract.responses import Prediction
from serving.input.cases import Case, case_of, histories_of
from serving.input.decoding import decode_predict
from serving.model.watcher import ModelWatcher, ServedModels

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def case(body: dict[str, Any]) -> Case:
    return case_of(decode_predict(json.dumps(body).encode()), now=NOW, body=b"x")


@dataclass(frozen=True)
class ModelCall:
    """The call of one model for one participant: its input row and its output."""

    arm: str
    row: Any
    output: float
    shadow: tuple[LoadedModel, Any, float] | None


@dataclass(frozen=True)
class Outcome:
    """The answer to one participant, and the data that it was composed from."""

    prediction: Prediction
    scores: dict[str, ModelCall]
    out_of_range: tuple[str, ...]


def ask(models: ServedModels, *bodies: dict[str, Any], **options: Any) -> list[Outcome]:
    cases = [case(body) for body in bodies]
    predictor = Predictor(lambda: models, make_ids=lambda count: ["id"] * count, secret=b"s", **options)
    predictions = predictor.predict(histories_of(cases))
    scores: list[dict[str, ModelCall]] = [{} for _ in cases]
    for task, groups in predictions.groups.items():
        for group in groups:
            shadows = {}
            if group.shadow:
                rows = zip(group.shadow.positions, group.shadow.rows, group.shadow.outputs, strict=True)
                shadows = {position: (group.shadow.model, row, output) for position, row, output in rows}
            for k, position in enumerate(group.positions):
                scores[position][task] = ModelCall(group.arm, group.rows[k], group.outputs[k], shadows.get(k))
    out_of_range = predictions.out_of_range.by_position()
    composed = zip(compose(cases, predictions), scores, strict=True)
    return [Outcome(prediction, score, out_of_range.get(k, ())) for k, (prediction, score) in enumerate(composed)]


def models_of(store: Store) -> ServedModels:
    watcher = ModelWatcher(store)
    watcher.check()
    return watcher.current


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return fresh_store(tmp_path_factory.mktemp("engine"))


@pytest.fixture(scope="module")
def models(store: Store) -> ServedModels:
    return models_of(store)


@pytest.fixture
def flat(tmp_path: Path) -> ServedModels:
    return models_of(fresh_store(tmp_path, champions={"attack": "flat"}))


def codes(outcome: Outcome) -> list[str]:
    return [warning.code for warning in outcome.prediction.warnings]


def test_the_answer_names_the_models_that_predicted(models: ServedModels) -> None:
    (outcome,) = ask(models, {"participant_id": "p", "entries": history()})
    answer = outcome.prediction
    assert answer.for_date == "2026-02-02"
    assert answer.attack is not None
    assert answer.severity is not None
    assert answer.model.attack is not None
    assert answer.model.attack.bundle == trained()[1]["attack"]
    model = models.tasks["attack"].champion
    assert answer.attack.probability == model.bundle.predict(outcome.scores["attack"].row[None])[0]
    assert answer.attack.interval is not None
    assert answer.attack.interval.low <= answer.attack.probability <= answer.attack.interval.high
    assert answer.attack.base_rate is not None
    assert (answer.attack.base_rate.observed_days, answer.attack.base_rate.attacks) == (28, 5)
    assert codes(outcome) == []


def test_an_answer_says_that_a_model_learned_from_simulated_diaries(tmp_path: Path, models: ServedModels) -> None:
    simulated = fresh_store(tmp_path)
    add_provenance(simulated, trained()[1]["severity"], BundleProvenance(simulated=True))
    simulated_models = models_of(simulated)
    (outcome,), (real,) = ask(simulated_models, {"entries": history()}), ask(models, {"entries": history()})
    assert (outcome.prediction.simulated_model, codes(outcome)) == (True, ["simulated_model"])
    assert (real.prediction.simulated_model, codes(real)) == (False, [])
    (severity, attack) = (describe(simulated_models).tasks[task].champion.simulated for task in ("severity", "attack"))
    assert (severity, attack) == (True, False)


def test_features_and_outputs_are_the_same_alone_and_in_a_batch(models: ServedModels) -> None:
    bodies = [{"entries": history(days, last=dt.date(2026, 1, days))} for days in (30, 9, 1, 20)]
    for body, together in zip(bodies, ask(models, *bodies), strict=True):
        (alone,) = ask(models, body)
        for task in ("attack", "severity"):
            a, b = alone.scores[task], together.scores[task]
            assert np.array_equal(a.row, b.row, equal_nan=True)
            assert a.output == pytest.approx(b.output, abs=1e-6, nan_ok=True)


def test_days_before_the_look_back_have_no_effect(models: ServedModels) -> None:
    long, short = history(90), history(90)[-29:]
    (a,), (b,) = ask(models, {"entries": long}), ask(models, {"entries": short})
    assert a.prediction.attack == b.prediction.attack


def test_with_too_little_history_it_abstains_and_says_what_it_needs(models: ServedModels) -> None:
    needed = models.tasks["attack"].champion.least_days
    (short,) = ask(models, {"entries": history(needed - 1)})
    assert short.prediction.abstained
    assert (short.prediction.attack, short.prediction.severity) == (None, None)
    assert codes(short) == ["too_little_history"]
    assert f"{needed - 1} of the last 28 days" in short.prediction.warnings[0].message
    assert f"needs {needed}" in short.prediction.warnings[0].message
    (enough,) = ask(models, {"entries": history(needed)})
    assert not enough.prediction.abstained


def test_days_without_an_outcome_do_not_count_as_history(models: ServedModels) -> None:
    (outcome,) = ask(models, {"entries": history(30, migraine_occurrence=None)})
    assert outcome.prediction.abstained


def test_a_setting_can_require_more_history(models: ServedModels) -> None:
    (outcome,) = ask(models, {"entries": history(10)}, least_history_days=11)
    assert "needs 11" in outcome.prediction.warnings[0].message


def test_a_same_day_model_needs_no_history(flat: ServedModels) -> None:
    (outcome,) = ask(flat, {"stress_level": 8, "sleep_hours": 4})
    assert outcome.prediction.for_date == "2026-03-01"
    assert outcome.prediction.attack is not None
    assert outcome.prediction.attack.base_rate is None
    assert codes(outcome) == ["no_model"]


def test_a_same_day_model_abstains_without_any_input(flat: ServedModels) -> None:
    (outcome,) = ask(flat, {"migraine_occurrence": 1})
    assert outcome.prediction.abstained
    assert codes(outcome)[0] == "too_little_history"


def test_a_value_far_outside_training_is_warned_about(models: ServedModels) -> None:
    (outcome,) = ask(models, {"entries": history(air_quality=499)})
    assert outcome.out_of_range == ("air_quality",)
    assert codes(outcome) == ["out_of_range"]


def test_unused_fields_and_limited_values_are_warned_about(flat: ServedModels) -> None:
    (outcome,) = ask(flat, {"stress_level": 8, "duration_h": 3, "migraine_occurrence": 1, "sleep_hours": 20})
    fields = {warning.code: warning.fields for warning in outcome.prediction.warnings}
    assert fields["unused_fields"] == ["migraine_occurrence", "duration_h"]
    assert fields["value_limited"] == ["sleep_hours"]


def test_reasons_are_given_on_request(models: ServedModels) -> None:
    (plain, explained) = ask(models, {"entries": history()}, {"entries": history(), "explain": True})
    assert plain.prediction.reasons is None
    reasons = explained.prediction.reasons
    assert reasons is not None
    assert reasons.attack is not None
    assert reasons.severity is not None
    assert {item.field for item in reasons.attack.contributions if item.given} <= {
        "stress_level", "sleep_hours", "migraine_occurrence", "date"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("p", "threshold", "band"),
    [(0.0999, 0.2, "low"), (0.1, 0.2, "moderate"), (0.2, 0.2, "high"), (0.599, 0.2, "high"), (0.6, 0.2, "very_high")],
)
def test_risk_bands_follow_the_threshold(p: float, threshold: float, band: str) -> None:
    assert risk_band(p, threshold) == band


@pytest.mark.parametrize(
    ("p", "usual", "band"),
    [(0.237, 0.248, "moderate"), (0.237, 0.1, "high"), (0.9, 0.9, "high"), (0.9, 0.5, "very_high"),
     (0.15, 0.9, "moderate"), (0.05, 0.9, "low"), (0.237, None, "high")],
)  # fmt: skip
def test_a_risk_that_is_usual_for_the_participant_is_one_band_lower(p: float, usual: float | None, band: str) -> None:
    assert risk_band(p, 0.2, usual=usual) == band


def test_the_risk_is_compared_with_the_own_rate(models: ServedModels) -> None:
    (outcome,) = ask(models, {"participant_id": "p", "entries": history()})
    attack = outcome.prediction.attack
    assert attack is not None
    assert attack.base_rate is not None
    assert attack.relative_to_usual is not None
    assert attack.relative_to_usual.ratio == attack.probability / attack.base_rate.rate
    assert f"{100 * attack.base_rate.rate:.0f} %" in attack.relative_to_usual.sentence
    assert "28 days" in attack.relative_to_usual.sentence


def test_without_known_days_there_is_no_usual_risk(flat: ServedModels) -> None:
    (outcome,) = ask(flat, {"age": 30, "sleep_hours": 5})
    assert outcome.prediction.attack is not None
    assert outcome.prediction.attack.relative_to_usual is None


def test_reasons_are_sentences_that_name_what_was_reported(models: ServedModels) -> None:
    days = history()
    days[-1]["stress_level"] = 9
    days[-1].pop("sleep_hours", None)
    predictor = Predictor(lambda: models, make_ids=lambda count: ["id"] * count, secret=b"s")
    cases = [case({"entries": days, "explain": True})]
    english, german = (compose(cases, predictor.predict(histories_of(cases)), language) for language in ("en", "de"))
    reasons = english[0].reasons
    assert reasons is not None
    assert reasons.attack is not None
    by_field = {item.field: item for item in reasons.attack.contributions}
    assert by_field["stress_level"].sentence.startswith("Stress: 9 of 10. With it, the estimated risk is ")
    assert "(1 day earlier)" in by_field["sleep_hours"].sentence
    assert all(item.sentence for item in reasons.attack.contributions)
    translated = german[0].reasons
    assert translated is not None
    assert translated.attack is not None
    assert "Stress: 9 von 10. " in " ".join(item.sentence for item in translated.attack.contributions)


def test_without_a_model_the_error_says_what_to_do() -> None:
    with pytest.raises(ModelNotReady, match="migraine run"):
        ask(ServedModels(), {"age": 30})


@pytest.mark.parametrize("mode", ["canary", "ab"])
def test_a_rollout_candidate_answers_its_share_of_participants(tmp_path: Path, mode: Any) -> None:
    store, names = fresh_store(tmp_path), trained()[1]
    start_rollout(store, "attack", mode=mode, percent=50, bundle=names["attack_2"], who="a", when=NOON, why="w")
    models = models_of(store)
    bodies = [{"participant_id": f"p{k}", "entries": history()} for k in range(40)]
    outcomes = ask(models, *bodies)
    arms = [outcome.scores["attack"].arm for outcome in outcomes]
    assert {"champion", mode} == set(arms)
    for outcome, arm in zip(outcomes, arms, strict=True):
        answer = outcome.prediction.model.attack
        assert answer is not None
        assert (answer.bundle, answer.arm) == (names["attack_2" if arm == mode else "attack"], arm)
        model = models.find(answer.bundle)
        assert model is not None
        assert outcome.prediction.attack is not None
        assert outcome.prediction.attack.probability == pytest.approx(
            model.bundle.predict(outcome.scores["attack"].row[None])[0], abs=1e-6
        )
    assert arms == [outcome.scores["attack"].arm for outcome in ask(models, *bodies)]
    assert {outcome.scores["severity"].arm for outcome in outcomes} == {"champion"}


def test_a_shadow_model_runs_and_changes_no_answer(tmp_path: Path, models: ServedModels) -> None:
    store, names = fresh_store(tmp_path), trained()[1]
    start_rollout(store, "attack", mode="shadow", percent=100, bundle=names["attack_2"], who="a", when=NOON, why="w")
    body = {"participant_id": "p", "entries": history()}
    (outcome,), (without,) = ask(models_of(store), body), ask(models, body)
    assert outcome.prediction == without.prediction
    shadow = outcome.scores["attack"].shadow
    assert shadow is not None
    assert shadow[0].bundle.hash == names["attack_2"]
    assert shadow[2] == shadow[0].bundle.predict(shadow[1][None])[0]


@pytest.mark.parametrize(("quiet", "warned"), [(0, True), (1, False)])
def test_a_diary_of_attack_days_alone_is_answered_with_a_warning(
    models: ServedModels, quiet: int, warned: bool
) -> None:
    entries = [{"date": f"2026-02-{day}", "migraine_occurrence": int(day > 19 + quiet)} for day in range(20, 26)]
    [outcome] = ask(models, {"participant_id": "p", "entries": entries})
    codes = [warning.code for warning in outcome.prediction.warnings]
    assert ("attack_days_only" in codes) == warned


def onset_models(folder: Path) -> ServedModels:
    return models_of(fresh_store(folder, champions={"attack": "onset"}))


def test_an_answer_of_another_outcome_says_what_it_is_about_and_when(tmp_path: Path, models: ServedModels) -> None:
    days = [entry | {"migraine_severity": 6} if entry["migraine_occurrence"] else entry for entry in history()]
    onsets = onset_models(tmp_path)
    (outcome,) = ask(onsets, {"participant_id": "p", "entries": days})
    about = outcome.prediction.outcome
    assert about is not None
    assert about.description == (
        "An attack with migraine_severity of at least 4, after at least 2 days without one, on any of the next 3 days."
    )
    assert (about.first_date, about.last_date, outcome.prediction.for_date) == (
        "2026-02-02", "2026-02-04", "2026-02-04"
    )  # fmt: skip
    definition = describe(onsets).tasks["attack"].champion.outcome.definition
    assert definition is not None
    assert definition.window == "any"
    assert outcome.prediction.attack is not None
    assert outcome.prediction.attack.base_rate is not None
    rate = outcome.prediction.attack.base_rate
    assert (rate.attacks, rate.observed_days) == (5, 28)
    daily = (5 + 2 * 0.24) / 30
    assert rate.rate == pytest.approx(1 - (1 - daily) ** 2, abs=1e-6), "of the window, as the probability is"
    (plain,) = ask(models, {"participant_id": "p", "entries": days})
    assert plain.prediction.outcome is None
    assert b"outcome" not in msgspec.json.encode(plain.prediction)


@pytest.mark.parametrize(("severity", "back", "warned"), [(6, 1, True), (6, 2, False), (3, 1, False)])
def test_an_answer_warns_if_no_attack_can_begin(tmp_path: Path, severity: int, back: int, *, warned: bool) -> None:
    """Two days before the first predicted day must be free of an attack that counts: today and yesterday."""
    days = history(10, migraine_occurrence=0)
    days[-1 - back] |= {"migraine_occurrence": 1, "migraine_severity": severity}
    (outcome,) = ask(onset_models(tmp_path), {"entries": days})
    assert ("none_can_begin" in codes(outcome)) == warned


def test_an_answer_of_a_model_of_one_person_says_that_it_is_for_nobody_else(
    tmp_path: Path, models: ServedModels
) -> None:
    store = fresh_store(tmp_path)
    name = trained()[1]["attack"]
    manifest = load_manifest(store, name)
    training = msgspec.structs.replace(manifest.training, participants=1)
    alone = msgspec.structs.replace(manifest, training=training)
    graph = store.read(f"bundles/{name}/model.onnx")
    put_in_charge(store, "attack", write_bundle(store, alone, graph, provenance=BundleProvenance()))
    (outcome,), (other,) = ask(models_of(store), {"entries": history()}), ask(models, {"entries": history()})
    assert codes(outcome) == ["one_person_model"]
    assert codes(other) == []
