"""Optional parts of an installation: code locations, groups of Ray's workers, monitors, backups, logs in the store."""

from typing import Any

import pytest
import yaml

from migraine_assets.defs.run_logs import StoreComputeLogManager
from migraine_assets_tests.platform.helm.pods import Pod, dagster_settings, pods_of
from migraine_assets_tests.platform.helm.rendering import RELEASE, Manifest, named, of_kind, render, values_of


@pytest.fixture(scope="module")
def isolated() -> list[Manifest]:
    """The variant with everything."""
    return render(values_of("isolated"))


def test_every_code_location_is_in_the_workspace_with_its_own_image(isolated: list[Manifest]) -> None:
    """A run gets the image of the location that defines it, by a variable of its server."""
    data = named(isolated, "ConfigMap", f"{RELEASE}-dagster")["data"]
    servers = [each["grpc_server"] for each in yaml.safe_load(data["workspace.yaml"])["load_from"]]
    assert [each["location_name"] for each in servers] == ["migraine_assets", "reports", "elsewhere"]
    assert servers[2] == {"host": "code.analytics.svc", "port": 4000, "location_name": "elsewhere"}
    for server in servers[:2]:
        assert named(isolated, "Service", server["host"])["spec"]["ports"][0]["port"] == server["port"]
        container = named(isolated, "Deployment", server["host"])["spec"]["template"]["spec"]["containers"][0]
        variables = {each["name"]: each.get("value") for each in container["env"]}
        assert variables["DAGSTER_CURRENT_IMAGE"] == container["image"]
        assert f"--location-name={server['location_name']}" in container["command"]
    assert named(isolated, "Deployment", f"{RELEASE}-code-reports")["spec"]["template"]["spec"]["containers"][0][
        "image"
    ].startswith("registry.example/reports:1.0")


def test_worker_groups_have_their_own_nodes_and_counts(isolated: list[Manifest]) -> None:
    groups = of_kind(isolated, "RayService")[0]["spec"]["rayClusterConfig"]["workerGroupSpecs"]
    assert [(each["groupName"], each["minReplicas"], each["maxReplicas"]) for each in groups] == [
        ("replicas", 2, 10),
        ("spot", 0, 5),
    ]
    spec = groups[1]["template"]["spec"]
    assert spec["nodeSelector"] == {"capacity": "spot", "kubernetes.io/os": "linux"}
    assert [each["key"] for each in spec["tolerations"]] == ["dedicated", "spot"]
    assert spec["containers"][0]["resources"] == groups[0]["template"]["spec"]["containers"][0]["resources"]


def test_without_a_shared_volume_no_pod_mounts_a_claim(isolated: list[Manifest]) -> None:
    assert of_kind(isolated, "PersistentVolumeClaim") == []
    for pod in pods_of(isolated):
        assert [each for each in pod.spec["volumes"] if "persistentVolumeClaim" in each] == [], pod.name


def test_logs_of_runs_are_kept_in_the_store(isolated: list[Manifest]) -> None:
    """Otherwise they would end with the pod of the run."""
    logs = dagster_settings(isolated)["compute_logs"]
    assert (logs["module"], logs["class"]) == (StoreComputeLogManager.__module__, StoreComputeLogManager.__name__)
    assert set(logs["config"]) == set(StoreComputeLogManager.config_type())
    local = dagster_settings(render({}))["compute_logs"]
    assert local["class"] == "LocalComputeLogManager"


def _answering(pods: list[Pod], labels: dict[str, Any]) -> list[Pod]:
    return [pod for pod in pods if labels.items() <= pod.labels.items()]


def test_pod_monitors_name_ports_of_the_pods_that_they_select(objects: list[Manifest], pods: list[Pod]) -> None:
    for monitor in of_kind(objects, "PodMonitor"):
        selected = _answering(pods, monitor["spec"]["selector"]["matchLabels"])
        assert selected, monitor["metadata"]["name"]
        for pod in selected:
            ports = {port["name"] for container in pod.containers for port in container.get("ports", [])}
            assert {each["port"] for each in monitor["spec"]["podMetricsEndpoints"]} <= ports, pod.name


def test_rays_head_is_monitored(isolated: list[Manifest]) -> None:
    """The metrics of the service come from its workers, and those of the cluster from its head."""
    monitor = named(isolated, "PodMonitor", f"{RELEASE}-ray-head")["spec"]
    assert monitor["selector"]["matchLabels"]["ray.io/node-type"] == "head"
    assert monitor["podMetricsEndpoints"][0]["relabelings"] == [{"targetLabel": "job", "replacement": "migraine-ray"}]


@pytest.mark.parametrize("postgres", [True, False])
def test_probes_ask_every_component_without_metrics(postgres: bool) -> None:
    """A blackbox exporter requests the addresses of the startup probes of Dagster, MLflow and PostgreSQL."""
    operator = {"enabled": True, "blackbox": "blackbox.monitoring:9115"}
    objects = render({"prometheusOperator": operator, "postgres": {"enabled": postgres}})
    targets = [
        target for each in of_kind(objects, "Probe") for target in each["spec"]["targets"]["staticConfig"]["static"]
    ]
    paths: dict[str, str] = {}
    for target in targets:
        host, _, rest = target.removeprefix("http://").partition(".")
        port, _, path = rest.partition(":")[2].partition("/")
        service = named(objects, "Service", host)
        assert service["spec"]["ports"][0]["port"] == int(port)
        paths[service["spec"]["selector"]["app.kubernetes.io/component"]] = path
    assert paths == {
        "webserver": "server_info",
        "mlflow": "health",
        "code-location": "",
        **({"postgres": ""} if postgres else {}),
    }
    policies = {each["metadata"]["name"] for each in of_kind(objects, "NetworkPolicy")}
    assert {f"{RELEASE}-monitoring-{component}" for component in paths} <= policies


def test_an_exporter_beside_postgresql_is_scraped() -> None:
    operator = {"enabled": True}
    off = render({"postgres": {"enabled": True}, "prometheusOperator": operator})
    assert len(named(off, "StatefulSet", f"{RELEASE}-postgres")["spec"]["template"]["spec"]["containers"]) == 1
    objects = render({"postgres": {"enabled": True, "exporter": {"enabled": True}}, "prometheusOperator": operator})
    pod = named(objects, "StatefulSet", f"{RELEASE}-postgres")["spec"]["template"]["spec"]
    [exporter] = [each for each in pod["containers"] if each["name"] == "exporter"]
    password = {each["name"]: each for each in exporter["env"]}["DATA_SOURCE_PASS"]
    assert password["valueFrom"]["secretKeyRef"] == {"name": "migraine-postgres", "key": "password"}
    monitor = named(objects, "PodMonitor", f"{RELEASE}-postgres")["spec"]
    [endpoint] = monitor["podMetricsEndpoints"]
    assert endpoint["port"] in {port["name"] for port in exporter["ports"]}
    labels = named(objects, "StatefulSet", f"{RELEASE}-postgres")["spec"]["template"]["metadata"]["labels"]
    assert monitor["selector"]["matchLabels"].items() <= labels.items()
    policy = named(objects, "NetworkPolicy", f"{RELEASE}-monitoring-postgres")["spec"]
    assert policy["ingress"][0]["ports"] == [{"port": 9187}]


def test_labels_of_objects_may_repeat_those_for_all() -> None:
    """They are merged, because some tools refuse a duplicate key, and rendering would fail here."""
    labels = {"team": "headache"}
    values = {"commonLabels": {"team": "ml"}, "podLabels": labels, "grafana": {"dashboards": True, "labels": labels}}
    for each in render(values):
        expected = "headache" if each["kind"] == "Pod" or "dashboard" in each["metadata"]["name"] else "ml"
        assert each["metadata"]["labels"]["team"] == expected, each["metadata"]["name"]


def test_a_backup_reads_the_store_and_the_databases_and_writes_nothing_else(isolated: list[Manifest]) -> None:
    spec = named(isolated, "CronJob", f"{RELEASE}-backup")["spec"]
    assert spec["concurrencyPolicy"] == "Forbid"
    pod = spec["jobTemplate"]["spec"]["template"]["spec"]
    dump, copy = pod["initContainers"][0], pod["containers"][0]
    assert {each["name"] for each in dump["env"]} >= {"DAGSTER_POSTGRES_URL", "MLFLOW_BACKEND_STORE_URI"}
    assert copy["args"] == ["s3://example-backups/migraine", "--dumps=/backup", "--keep=14", "--store"]
    assert next(each for each in copy["volumeMounts"] if each["name"] == "backup")["readOnly"] is True
