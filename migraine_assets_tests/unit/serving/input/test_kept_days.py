import json

import pytest

from migraine_assets.core.contract import CONTRACT
from migraine_assets.core.features.known_ahead import ahead_fields
from serving.contract.problems import Refused
from serving.contract.requests import request_schema
from serving.input.kept_days import read_change


def test_inputs_that_are_known_ahead_are_kept_within_their_bounds() -> None:
    contract = CONTRACT.with_known_ahead(["humidity"])
    schema = request_schema(contract.updated(ahead_fields(contract)))

    def change(value: object) -> object:
        return read_change(json.dumps({"humidity_ahead": value}).encode(), schema.DayChange, schema)[0]

    assert change(80) == {"humidity_ahead": 80}
    assert change(None) == {"humidity_ahead": None}
    for value in (300, "wet", True):
        with pytest.raises(Refused, match="humidity_ahead"):
            change(value)
