"""Associations within one person: what is compared, the correction, and how often nothing becomes a finding."""

import numpy as np
import pytest

from migraine_assets.core.contract import CONTRACT
from migraine_assets.core.person.associations import Association, Associations, associations, corrected
from migraine_assets.core.person.calendar import calendar_of
from migraine_assets.core.person.rates import difference
from migraine_assets_tests.unit.core.diaries import MONDAY, person


def found(attack: np.ndarray, **columns: np.ndarray) -> Associations:
    lists = {name: values.tolist() for name, values in columns.items()}
    diary = person(range(len(attack)), migraine_occurrence=attack.tolist(), **lists)
    return associations(calendar_of(diary, first=MONDAY), CONTRACT)


def following(random: np.random.Generator, rate: np.ndarray) -> np.ndarray:
    """Attacks whose probability is `rate` of the day before."""
    attack = random.random(len(rate)) < np.append(0.2, rate[:-1])
    return attack.astype(np.float64)


def test_an_attack_that_follows_stress_is_found_and_counted_right() -> None:
    random = np.random.default_rng(1)
    stress = random.integers(1, 11, 150).astype(np.float64)
    attack = following(random, np.where(stress > 5, 0.6, 0.1))
    sleep = random.normal(7, 1, 150)
    result = found(attack, stress_level=stress, sleep_hours=sleep)
    first, second = result.compared
    assert (first.field, first.finding, second.finding) == ("stress_level", "more", "unclear")
    usable = (attack[:-1] == 0) & np.isfinite(attack[1:])
    assert first.split == np.median(stress[:-1][usable])
    high = usable & (stress[:-1] > first.split)
    assert first.high == (int(attack[1:][high].sum()), int(high.sum()))
    assert first.low == (int(attack[1:][usable & ~high].sum()), int((usable & ~high).sum()))
    assert (result.days, result.attacks) == (int(usable.sum()), int(attack[1:][usable].sum()))


def test_days_with_an_attack_are_not_compared() -> None:
    """An exposure that only accompanies attacks, which last two days, is not associated with a new one."""
    starts = np.arange(0, 160, 8)
    attack = np.zeros(160)
    attack[starts] = attack[starts + 1] = 1
    result = found(attack, neck_pain=attack.copy())
    assert result.compared == ()
    assert result.too_few == ("neck_pain",)


def test_consequences_and_fields_without_values_are_left_out() -> None:
    random = np.random.default_rng(2)
    attack = following(random, np.full(120, 0.3))
    result = found(attack, medication=attack, fatigue=attack, alcohol_intake=random.integers(0, 2, 120) * 1.0)
    assert [one.field for one in result.compared] == ["alcohol_intake"]
    assert result.too_few == ()


def test_a_median_that_is_the_largest_value_still_divides_the_days() -> None:
    random = np.random.default_rng(3)
    attack = following(random, np.full(160, 0.3))
    (one,) = found(attack, sleep_quality=np.where(random.random(160) < 0.3, 4.0, 10.0)).compared
    assert (one.split, one.inclusive) == (10.0, True)
    assert one.low[1] >= 10


@pytest.mark.parametrize("days", [18, 40])
def test_too_few_days_or_attacks_are_not_compared(days: int) -> None:
    attack = np.zeros(days)
    attack[[5, 9, 13]] = 1
    result = found(attack, stress_level=np.arange(days) % 10.0)
    assert (result.compared, result.too_few) == ((), ("stress_level",))


def one(field: str, high: tuple[int, int], low: tuple[int, int]) -> Association:
    return Association(field, "", None, False, high, low)


def test_the_correction_steps_down() -> None:
    """The second field is clear among one, but not among two comparisons; the clear first one takes one away."""
    strong, middle = one("strong", (40, 50), (5, 50)), one("middle", (15, 40), (7, 40))
    low = [difference(middle.high, middle.low, confidence=1 - 0.05 / count).ci_low for count in (1, 2)]
    assert low[0] > 0 > low[1]
    weak = one("weak", (10, 40), (10, 40))
    findings = {each.field: each.finding for each in corrected([middle, strong])}
    assert findings == {"strong": "more", "middle": "more"}
    findings = {each.field: each.finding for each in corrected([middle, weak])}
    assert findings == {"middle": "unclear", "weak": "unclear"}
    fewer = corrected([one("reversed", strong.low, strong.high)])
    assert fewer[0].finding == "fewer"


def test_without_any_association_few_diaries_have_a_finding() -> None:
    """84 days, 12 exposures, attacks at random: at most about 5 % of such diaries may show anything."""
    random = np.random.default_rng(4)
    names = [field.name for field in CONTRACT.fields if field.role == "exposure" and field.kind == "number"][:12]
    wrong = 0
    for _ in range(60):
        attack = following(random, np.full(84, 0.25))
        columns = {name: random.normal(5, 1, 84) for name in names}
        wrong += any(each.finding != "unclear" for each in found(attack, **columns).compared)
    assert wrong <= 8  # 3 are expected at 5 %. More than 8 have a probability of 0.003.
