"""Both clients against the real service: every call, its problems, and their answers as the document describes them."""

import asyncio
import datetime as dt
import inspect
import io
import json
import subprocess
import sys
import typing
from collections.abc import Coroutine, Iterator
from typing import Any

import msgspec
import pyarrow as pa
import pytest

from migraine_assets.stores.store import Store
from migraine_assets_tests.unit.serving.trained import fresh_store, history, running
from migraine_client import AsyncClient, Client, Problem, Retries, answers, model_answers
from migraine_client.core import Days
from migraine_client.errors import ProblemDetails, Unreachable
from serving.access import api_keys
from serving.api import openapi
from serving.settings import ServingSettings

DOCUMENT = json.loads(json.dumps(openapi.document(ServingSettings())))
SCHEMAS = DOCUMENT["components"]["schemas"]
DAY = dt.date(2025, 3, 8)


def structs(module: Any) -> list[type[msgspec.Struct]]:
    return [
        kind
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and kind.__module__ == module.__name__
    ]


STRUCTS = [*structs(answers), *structs(model_answers)]


class Blocking:
    """The asynchronous client with the methods of the synchronous one, so that the same tests call both."""

    def __init__(self, url: str, **options: Any) -> None:
        self._runner = asyncio.Runner()
        self._client = AsyncClient(url, **options)

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._client, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            return self._runner.run(method(*args, **kwargs))

        return call

    def __enter__(self) -> "Blocking":
        self._runner.run(self._client.__aenter__())
        return self

    def __exit__(self, *error: Any) -> None:
        self._runner.run(self._client.__aexit__(*error))
        self._runner.close()


KINDS = pytest.mark.parametrize("kind", [Client, Blocking], ids=["sync", "async"])


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Store, str]]:
    """The address of a service that requires keys, its store, and a key."""
    folder = tmp_path_factory.mktemp("client")
    store = fresh_store(folder)
    key, _ = api_keys.create(store, "app", now=dt.datetime.now(dt.UTC))
    with running(store, folder, api_keys_required=True) as (client, _):
        yield str(client.base_url), store, key


@KINDS
def test_every_call_returns_a_typed_answer(kind: Any, service: tuple[str, Store, str]) -> None:
    participant = f"P-{kind.__name__}"
    with kind(service[0], api_key=service[2], language="de") as client:
        prediction = client.predict(history(), participant_id=participant, explain=True)
        assert isinstance(prediction, answers.Prediction)
        assert 0 < prediction.attack.probability < 1
        assert prediction.model.attack.bundle == client.models().tasks["attack"].champion.bundle
        assert client.ready().models["attack"] == prediction.model.attack.bundle
        assert "für diesen Tag" in prediction.attack.relative_to_usual.sentence
        recorded = client.feedback(prediction.prediction_id, migraine_occurrence=True, migraine_severity=6)
        assert recorded.prediction_id == prediction.prediction_id

        good, bad = client.predict_batch(
            [{"entries": history()}, {"entries": [{"date": DAY, "stress_level": 99}]}]
        ).items
        assert good.result.attack == prediction.attack
        assert [error.path for error in bad.error.errors] == ["$.items[1].entries[0].stress_level"]

        for entry in history():
            client.put_day(participant, **entry)
        assert client.put_profile(participant, age=34)["age"] == 34
        assert client.put_day(participant, DAY, stress_level=7, sleep_hours=6)["stress_level"] == 7
        assert "stress_level" not in client.put_day(participant, DAY, stress_level=None)
        assert client.get_day(participant, DAY)["sleep_hours"] == 6
        assert [day["date"] for day in client.get_days(participant, last=DAY)] == [DAY.isoformat()]
        assert client.get_diary(participant)["age"] == 34
        forecast = client.forecast(participant, explain=True)
        assert forecast.for_date == prediction.for_date
        assert forecast.reasons is not None
        [listed] = client.forecasts(limit=5).forecasts
        assert listed.attack == forecast.attack
        assert [one.days for one in client.participants().participants] == [31]
        client.delete_day(participant, DAY)
        client.delete_days(participant)
        client.delete_diary(participant)
        with pytest.raises(Problem, match="No such diary") as caught:
            client.get_diary(participant)
        assert caught.value.name == "unknown-diary"
        client.put_day("..", DAY, sleep_hours=6)
        assert client.get_diary("..")["participant_id"] == ".."
        client.delete_diary("..")


def test_a_table_is_answered_by_a_table(service: tuple[str, Store, str]) -> None:
    table = pa.Table.from_pylist([{"participant_id": "a", **day} for day in history()])
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    with Client(service[0], api_key=service[2]) as client:
        answer = client.predict_table(sink.getvalue())
    assert pa.ipc.open_stream(answer).read_all()["participant_id"].to_pylist() == ["a"]


@KINDS
def test_a_problem_is_an_exception_with_its_fields(kind: Any, service: tuple[str, Store, str]) -> None:
    with kind(service[0], api_key=service[2]) as client:
        with pytest.raises(Problem) as caught:
            client.predict([{"date": "2025-03-01", "stress_level": 99}])
        problem = caught.value
        assert (problem.status, problem.name) == (422, "invalid-request")
        assert problem.type == "urn:migraine:problem:invalid-request"
        assert "stress_level" in problem.detail
        assert "1 to 10" in problem.errors[0].accepted
    with kind(service[0], api_key="wrong") as client, pytest.raises(Problem) as caught:
        client.models()
    assert (caught.value.status, caught.value.name) == (401, "unauthorized")


def test_another_address_is_an_error(service: tuple[str, Store, str]) -> None:
    once = Retries(attempts=1)
    with Client(f"{service[0]}/other", api_key=service[2], retries=once) as client, pytest.raises(Problem):
        client.models()
    with Client("http://127.0.0.1:9", retries=once) as client, pytest.raises(Unreachable, match="GET /models"):
        client.models()


@pytest.mark.parametrize("kind", [*STRUCTS, Days, ProblemDetails], ids=lambda kind: kind.__name__)
def test_a_struct_has_the_fields_of_its_schema(kind: type[msgspec.Struct]) -> None:
    name = {"Days": "KeptDays", "ProblemDetails": "Problem"}.get(kind.__name__, kind.__name__)
    _, own = msgspec.json.schema_components([kind])
    ours, theirs = own[kind.__name__], SCHEMAS[name]
    assert list(ours["properties"]) == list(theirs["properties"])
    assert set(ours["required"]) == set(theirs["required"])
    for field, shape in theirs["properties"].items():
        # A later version may warn of something new, and days have the fields of the served models.
        if (name, field) not in {("Warning", "code"), ("KeptDays", "entries")}:
            assert outline(ours["properties"][field]) == outline(shape), field


def test_every_answer_of_the_document_is_read() -> None:
    """The answers of all operations but those of other clients, of programs and of forms."""
    others = {"Index", "DiaryContract", "Status"}
    days = {"KeptDay", "KeptProfile", "KeptDiary", "KeptDays"}
    named = {
        content["schema"]["$ref"].rpartition("/")[2]
        for path, operations in DOCUMENT["paths"].items()
        for operation in operations.values()
        if not path.startswith(("/v2", "/metrics")) and "200" in operation["responses"]
        for kind, content in operation["responses"]["200"]["content"].items()
        if kind == "application/json"
    }
    assert named - others - days <= {kind.__name__ for kind in STRUCTS}


def test_both_clients_have_the_same_methods() -> None:
    public = [name for name in vars(Client) if not name.startswith("_")]
    assert public == [name for name in vars(AsyncClient) if not name.startswith("_")]
    assert inspect.signature(Client) == inspect.signature(AsyncClient)
    for name in public:
        ours, theirs = (getattr(kind, name) for kind in (Client, AsyncClient))
        assert inspect.iscoroutinefunction(theirs)
        assert not isinstance(typing.get_type_hints(ours)["return"], Coroutine)
        assert inspect.signature(ours) == inspect.signature(theirs)
        assert ours.__doc__ == theirs.__doc__


def test_it_needs_only_httpx_and_msgspec() -> None:
    code = "import sys, migraine_client; print(sorted({m.partition('.')[0] for m in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "'migraine_client'" in loaded
    assert not [name for name in ("serving", "migraine_assets", "pydantic", "numpy", "ray") if f"'{name}'" in loaded]


def outline(shape: Any) -> Any:
    """Return the types of a schema, without names of other files, bounds and descriptions."""
    if isinstance(shape, dict):
        if "$ref" in shape:
            return shape["$ref"].rpartition("/")[2].replace("ProblemDetails", "Problem")
        kept = ("type", "anyOf", "items", "enum", "additionalProperties")
        result = {key: outline(value) for key, value in shape.items() if key in kept}
        return {key: value for key, value in result.items() if not (key == "type" and "enum" in result)}
    return [outline(part) for part in shape] if isinstance(shape, list) else shape
