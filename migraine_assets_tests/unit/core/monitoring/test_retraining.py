import datetime as dt
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from migraine_assets.core.monitoring.retraining import Event, TrainingState, decide_retraining

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(hours=20)
EVENT = Event("drift", "attack", "b" * 64, "2026-03-01", ("sleep_hours moved.",))
FREE = TrainingState(NOON, {"attack": EVENT.bundle})


def test_an_event_of_the_serving_model_starts_a_run_with_its_reasons() -> None:
    choice = decide_retraining(EVENT, FREE, cool_down=DAY)
    assert choice.act
    assert choice.reasons == ("sleep_hours moved.",)


def test_an_event_starts_one_run() -> None:
    assert not decide_retraining(EVENT, replace(FREE, started=(EVENT.run_key,)), cool_down=DAY).act


def test_a_retrainings_own_output_ends_the_event_that_started_it() -> None:
    after = replace(FREE, serving={"attack": "c" * 64}, last_training=NOON - 2 * DAY)
    assert "no longer serves" in decide_retraining(EVENT, after, cool_down=DAY).reasons[0]


def test_one_run_at_a_time_and_a_cool_down_after_each() -> None:
    assert "is training" in decide_retraining(EVENT, replace(FREE, in_flight=("abc",)), cool_down=DAY).reasons[0]
    assert not decide_retraining(EVENT, replace(FREE, last_training=NOON - DAY / 2), cool_down=DAY).act
    assert decide_retraining(EVENT, replace(FREE, last_training=NOON - DAY), cool_down=DAY).act


@given(st.integers(-10_000, 10_000))
def test_a_clock_that_jumps_never_extends_the_cool_down(hours: int) -> None:
    """Even if the recorded end is far in the future, a cool-down that begins now has its usual length."""
    last = NOON + dt.timedelta(hours=hours)
    waits = decide_retraining(EVENT, replace(FREE, last_training=last), cool_down=DAY)
    assert waits.act == (hours <= -20)
    if not waits.act:
        assert f"{min(last, NOON) + DAY:%H:%M}" in waits.reasons[0]


def test_another_day_model_or_kind_is_another_event() -> None:
    others = (replace(EVENT, since="2026-03-02"), replace(EVENT, bundle="c" * 64), replace(EVENT, kind="degradation"))
    assert len({EVENT.run_key, *(other.run_key for other in others)}) == 4
