"""The rendered containers run, from migration and training to a prediction, by the commands of the notes.

The processes are those of the rendered pods, and the databases are real. A run is a Job, as created by Dagster's
launcher.
"""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from migraine_assets.stores.registry.pointer import read_pointer
from migraine_assets.stores.store import Store
from migraine_assets_tests.platform.helm.pods import pods_of
from migraine_assets_tests.platform.helm.rendering import NAMESPACE, RELEASE, Manifest, notes, of_kind, render
from migraine_assets_tests.platform.helm.stand_in import StandIn, running
from migraine_assets_tests.platform.postgres.server import missing, postgres
from migraine_assets_tests.support.service import BODY
from migraine_assets_tests.support.small_diary import write_diary, write_params
from migraine_assets_tests.support.waiting import eventually

pytestmark = pytest.mark.slow

PATIENCE = 900
JOBS = f"/apis/batch/v1/namespaces/{NAMESPACE}/jobs"
LONG_LIVED = ("mlflow", "code-location", "webserver", "daemon", "serving")


@pytest.fixture(scope="module")
def values(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Values without KubeRay, with small models and a diary in the landing folder."""
    import yaml

    params = tmp_path_factory.mktemp("params") / "params.yaml"
    write_params(params)
    return {
        "serving": {"mode": "deployment"},
        "pipeline": {"source": "", "automation": False, "params": yaml.safe_load(params.read_text())},
        "extraEnv": [{"name": "MIGRAINE_PARAMS", "value": str(params)}],
    }


@pytest.fixture(scope="module")
def objects(values: dict[str, Any]) -> list[Manifest]:
    """The rendered objects."""
    return render(values)


@pytest.fixture(scope="module")
def containers(objects: list[Manifest]) -> dict[str, Manifest]:
    """The main container of each component."""
    return {pod.component: pod.spec["containers"][0] for pod in pods_of(objects)}


@pytest.fixture(scope="module")
def release(
    objects: list[Manifest], containers: dict[str, Manifest], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[StandIn]:
    """The installed release: tables migrated, long-running containers started."""
    if reason := missing():
        pytest.skip(reason)
    with postgres() as server:
        server.create("dagster", "mlflow")
        addresses = {"dagster": server.url("dagster"), "mlflow": server.url("mlflow")}
        stand_in = StandIn(objects, tmp_path_factory.mktemp("release"), {"migraine-databases": addresses})
        (stand_in.home / "landing").mkdir()
        write_diary(stand_in.home / "landing" / "diary.csv")
        with running(stand_in):
            migrated = stand_in.run(containers["migrate"])
            assert migrated.returncode == 0, migrated.stderr
            for name in LONG_LIVED:
                stand_in.start(name, containers[name])
            yield stand_in


def _ask(release: StandIn, port: int, path: str, body: Any = None, **headers: str) -> tuple[int, bytes]:
    content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
    address = f"http://127.0.0.1:{release.ports[port]}{path}"
    request = urllib.request.Request(address, data=content, headers={"Content-Type": "application/json", **headers})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except OSError:
        return 0, b""


def _noted(text: str, program: str) -> list[str]:
    """Return a command of the notes for `kubectl exec`."""
    lines = text.replace("\\\n", " ").splitlines()
    line = next(line for line in lines if f" {program} " in line and " -- " in line)
    return line.partition(" -- ")[2].split()


def _well(release: StandIn, container: Manifest) -> bool:
    """Return whether the startup probe of a container succeeds."""
    probe = container["startupProbe"]
    if request := probe.get("httpGet"):
        port = next(port["containerPort"] for port in container["ports"] if port["name"] == request["port"])
        return _ask(release, port, request["path"])[0] == 200
    # The port is a number of its own there.
    command = [str(release.ports.get(int(part), part)) if part.isdigit() else part for part in probe["exec"]["command"]]
    return release.run(container, *command).returncode == 0


@pytest.mark.parametrize("name", LONG_LIVED)
def test_the_startup_probe_succeeds(release: StandIn, containers: dict[str, Manifest], name: str) -> None:
    eventually(lambda: _well(release, containers[name]) or not release.alive(name), patience=PATIENCE)
    assert _well(release, containers[name]), release.log(name).read_text()[-4000:]


def test_before_the_first_training_the_service_is_alive_and_not_ready(release: StandIn) -> None:
    assert _ask(release, 8000, "/ready")[0] == 503


def test_the_first_command_of_the_notes_trains_and_promotes(
    release: StandIn, containers: dict[str, Manifest], values: dict[str, Any]
) -> None:
    launched = release.run(containers["webserver"], *_noted(notes(values), "dagster"))
    assert launched.returncode == 0, launched.stderr
    store = Store(str(release.home / "store"))
    eventually(lambda: set(read_pointer(store).tasks) == {"attack", "severity"} or _failed(release), patience=PATIENCE)
    logs = {name: release.log(name).read_text()[-4000:] for name in ("daemon", "code-location", *release.jobs)}
    assert set(read_pointer(store).tasks) == {"attack", "severity"}, logs
    assert len(release.jobs) == 1
    assert eventually(lambda: release.answer("GET", _job(release), {}, {})[1]["status"] == {"succeeded": 1})


def _failed(release: StandIn) -> bool:
    """Return whether the daemon or a run has failed, so that waiting is pointless."""
    jobs = [release.answer("GET", f"{JOBS}/{name}/status", {}, {})[1]["status"] for name in release.jobs]
    return not release.alive("daemon") or any("failed" in status for status in jobs)


def _job(release: StandIn) -> str:
    return f"{JOBS}/{next(iter(release.jobs))}/status"


def test_the_pod_of_the_run_has_its_labels_and_account(release: StandIn) -> None:
    pod = next(iter(release.jobs.values()))["spec"]["template"]
    assert pod["metadata"]["labels"]["app.kubernetes.io/component"] == "run"
    assert pod["spec"]["serviceAccountName"] == f"{RELEASE}-runs"


def test_models_and_files_are_in_mlflow(release: StandIn) -> None:
    query = {"max_results": 10}
    status, body = _ask(release, 5000, "/api/2.0/mlflow/registered-models/search?max_results=10")
    assert status == 200, (query, body)
    assert json.loads(body)["registered_models"]
    # Through the server, into the folder of its artifacts.
    assert [path for path in (release.home / "mlartifacts").rglob("*") if path.is_file()]


def test_mlflow_refuses_an_unknown_host_name(release: StandIn) -> None:
    """This protects against DNS rebinding."""
    assert _ask(release, 5000, "/api/2.0/mlflow/experiments/get?experiment_id=0", Host="evil.example")[0] == 403
    for host in (f"{RELEASE}-mlflow:5000", f"{RELEASE}-mlflow.headache.svc:5000", f"{RELEASE}-mlflow"):
        assert _ask(release, 5000, "/api/2.0/mlflow/experiments/get?experiment_id=0", Host=host)[0] == 200, host


def test_the_second_command_of_the_notes_creates_a_valid_api_key(
    release: StandIn, containers: dict[str, Manifest], values: dict[str, Any]
) -> None:
    assert eventually(lambda: _ask(release, 8000, "/ready")[0] == 200), release.log("serving").read_text()
    assert _ask(release, 8000, "/predict", BODY)[0] == 401
    made = release.run(containers["code-location"], *_noted(notes(values), "migraine"))
    assert made.returncode == 0, made.stderr
    key = made.stdout.split()[0]
    answered = eventually(lambda: _ask(release, 8000, "/predict", BODY, Authorization=f"Bearer {key}")[0] == 200)
    assert answered, _ask(release, 8000, "/predict", BODY, Authorization=f"Bearer {key}")


def test_the_pod_of_helm_test_succeeds(release: StandIn, containers: dict[str, Manifest]) -> None:
    done = release.run(containers["test"])
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(" 200") == 3


def _graphql(release: StandIn, query: str, **variables: Any) -> Any:
    return json.loads(_ask(release, 3000, "/graphql", {"query": query, "variables": variables})[1])["data"]


def _launch(release: StandIn, paths: list[list[str]]) -> Any:
    query = """mutation Launch($params: ExecutionParams!) { launchRun(executionParams: $params) {
        __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message }
        ... on RunConfigValidationInvalid { errors { message } } } }"""
    selector = {
        "repositoryLocationName": "migraine_assets",
        "repositoryName": "__repository__",
        "jobName": "full_pipeline",
        "assetSelection": [{"path": path} for path in paths],
    }
    config = json.dumps({"execution": {"config": {"max_concurrent": 2}}})
    return _graphql(release, query, params={"selector": selector, "runConfigData": config})["launchRun"]


def _run_status(release: StandIn, run: str) -> str:
    query = "query Status($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"
    return str(_graphql(release, query, id=run)["runOrError"]["status"])


def test_after_an_upgrade_to_the_k8s_executor_every_asset_is_a_job_and_heavy_models_request_more(
    release: StandIn, values: dict[str, Any]
) -> None:
    """The pod of the run creates and monitors a Job for each asset. The pods of the assets have no token."""
    _upgrade(release, {**values, "pipeline": {**values["pipeline"], "executor": "k8s_job"}})
    before = set(release.jobs)
    # Two models: what they are trained on is left from the first training.
    paths = [["classifiers", "naive_bayes"], ["classifiers", "knn"]]
    launched = _launch(release, paths)
    assert launched["__typename"] == "LaunchRunSuccess", launched
    run = launched["run"]["runId"]
    eventually(lambda: _run_status(release, run) in ("SUCCESS", "FAILURE"), patience=PATIENCE)
    new = {name: job for name, job in release.jobs.items() if name not in before}
    assert _run_status(release, run) == "SUCCESS", {name: release.log(name).read_text()[-3000:] for name in new}
    steps = {
        job["metadata"]["labels"]["dagster/op"]: job["spec"]["template"]["spec"]["containers"][0]["resources"]
        for job in new.values()
        if "dagster/op" in job["metadata"]["labels"]
    }
    assert steps["classifiers__knn"]["limits"]["memory"] == "8Gi"
    assert steps["classifiers__naive_bayes"]["limits"]["memory"] == "4Gi"
    assert set(steps) == {"classifiers__knn", "classifiers__naive_bayes"}
    for job in new.values():
        pod = job["spec"]["template"]
        is_step = "dagster/op" in job["metadata"]["labels"]
        assert pod["spec"]["automountServiceAccountToken"] is not is_step
        assert pod["spec"]["securityContext"]["runAsNonRoot"] is True
        assert pod["spec"]["containers"][0]["securityContext"]["readOnlyRootFilesystem"] is True
        assert pod["metadata"]["labels"]["app.kubernetes.io/component"] == "run"


def _upgrade(release: StandIn, values: dict[str, Any]) -> None:
    """Migrate the tables, then replace the changed pods, as Helm does."""
    old = {pod.component: pod for pod in pods_of(release.objects)}
    release.objects = render(values)
    new = {pod.component: pod for pod in pods_of(release.objects)}
    changed = [name for name in LONG_LIVED if new[name] != old[name]]
    # The service and MLflow do not depend on how runs are executed.
    assert set(changed) == {"webserver", "code-location", "daemon"}
    release.end(*changed)
    release.configure(release.kubernetes)
    containers = {name: pod.spec["containers"][0] for name, pod in new.items()}
    assert release.run(containers["migrate"]).returncode == 0
    for name in changed:
        release.start(name, containers[name])
    for name in changed:
        well = eventually(lambda name=name: _well(release, containers[name]), patience=PATIENCE)
        assert well, release.log(name).read_text()


def test_the_role_allows_every_request_of_dagster_to_kubernetes(release: StandIn, objects: list[Manifest]) -> None:
    allowed = {
        (verb, resource)
        for role in of_kind(objects, "Role")
        for rule in role["rules"]
        for verb in rule["verbs"]
        for resource in rule["resources"]
    }
    assert ("create", "jobs") in release.requests
    assert release.requests <= allowed
