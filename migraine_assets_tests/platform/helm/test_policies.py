"""What a platform engineer asks of every pod. Runs and Ray's pods are held to it like the chart's own."""

import re
from typing import Any

import yaml

from migraine_assets_tests.platform.helm.pods import Pod
from migraine_assets_tests.platform.helm.rendering import Manifest, named, of_kind

# Postgres is the only one with another user: the one of its image.
USERS = {10001, 70}
SECRETIVE = re.compile(r"password|secret_access|SERVING_SECRET|ALERT_URLS|POSTGRES_URL|STORE_URI$", re.IGNORECASE)
TALK_TO_KUBERNETES = {"webserver", "daemon", "run", "serving/head"}


def _each(pods: list[Pod]) -> list[tuple[str, dict[str, Any]]]:
    return [(f"{pod.name}/{container['name']}", container) for pod in pods for container in pod.containers]


def test_no_container_runs_as_root(pods: list[Pod]) -> None:
    for pod in pods:
        security = pod.spec["securityContext"]
        assert security["runAsNonRoot"] is True, pod.name
        assert security["runAsUser"] in USERS, pod.name
    for name, container in _each(pods):
        assert container["securityContext"].get("runAsUser", 10001) != 0, name


def test_every_container_is_restricted(pods: list[Pod]) -> None:
    """PodSecurity `restricted`: containers that begin a pod, and those of tests, too."""
    for name, container in _each(pods):
        security = container["securityContext"]
        assert security["allowPrivilegeEscalation"] is False, name
        assert security["capabilities"]["drop"] == ["ALL"], name
        assert "add" not in security["capabilities"], name
        assert security["seccompProfile"]["type"] == "RuntimeDefault", name
        assert security.get("privileged", False) is False, name


def test_no_container_writes_into_its_image(pods: list[Pod]) -> None:
    for name, container in _each(pods):
        assert container["securityContext"]["readOnlyRootFilesystem"] is True, name


def test_every_container_can_write_temporary_files(pods: list[Pod]) -> None:
    for pod in pods:
        if pod.component == "test":
            continue
        for container in pod.containers:
            assert "/tmp" in {mount["mountPath"] for mount in container["volumeMounts"]}, f"{pod.name}"


def test_every_container_has_requests_and_limits(pods: list[Pod]) -> None:
    for name, container in _each(pods):
        for kind in ("requests", "limits"):
            assert set(container["resources"][kind]) >= {"cpu", "memory"}, name


def test_no_pod_shares_anything_with_its_node(pods: list[Pod]) -> None:
    for pod in pods:
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod.spec), pod.name
        assert not [volume for volume in pod.spec.get("volumes", []) if "hostPath" in volume], pod.name
        assert not [port for c in pod.containers for port in c.get("ports", []) if "hostPort" in port], pod.name


def test_no_secret_value_is_rendered(found: list[Manifest], pods: list[Pod]) -> None:
    """Secrets are somebody else's objects; what is rendered names them."""
    assert of_kind(found, "Secret") == []
    for name, container in _each(pods):
        for variable in container.get("env", []):
            if SECRETIVE.search(variable["name"]) and "value" in variable:
                value = variable["value"]
                assert "$(POSTGRES_PASSWORD)" in value or value.startswith("s3://"), f"{name} {variable['name']}"


def test_only_those_that_need_kubernetes_have_its_token(pods: list[Pod]) -> None:
    for pod in pods:
        who = pod.component + ("/head" if pod.labels.get("ray.io/node-type") == "head" else "")
        assert pod.spec["automountServiceAccountToken"] is (who in TALK_TO_KUBERNETES), pod.name


def test_no_pod_gets_variables_that_kubernetes_makes_of_services(pods: list[Pod]) -> None:
    """A Service named `serving` would set SERVING_PORT to tcp://..."""
    assert [pod.name for pod in pods if pod.spec.get("enableServiceLinks") is not False] == []


def test_a_mounted_volume_exists_and_a_volume_is_mounted(pods: list[Pod]) -> None:
    for pod in pods:
        there = {volume["name"] for volume in pod.spec.get("volumes", [])}
        used = {mount["name"] for container in pod.containers for mount in container.get("volumeMounts", [])}
        assert used == there, pod.name


def test_everything_long_lived_has_three_probes(pods: list[Pod]) -> None:
    for pod in pods:
        if pod.component in ("run", "test", "migrate"):
            continue
        # KubeRay's autoscaler is KubeRay's.
        for container in (c for c in pod.spec["containers"] if c["name"] != "autoscaler"):
            assert {"startupProbe", "readinessProbe", "livenessProbe"} <= set(container), pod.name


def test_probes_ask_ports_that_are_open(pods: list[Pod]) -> None:
    for name, container in _each(pods):
        ports = {port["name"] for port in container.get("ports", [])}
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            for how in ("httpGet", "tcpSocket"):
                if asked := container.get(probe, {}).get(how):
                    assert asked["port"] in ports, f"{name} {probe}"


def test_there_is_exactly_one_daemon_at_any_time(found: list[Manifest]) -> None:
    spec = named(found, "Deployment", "migraine-platform-daemon")["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})


def test_no_autoscaler_of_pods_competes_with_ray(found: list[Manifest]) -> None:
    for each in of_kind(found, "HorizontalPodAutoscaler"):
        target = each["spec"]["scaleTargetRef"]
        deployment = named(found, target["kind"], target["name"])
        assert "replicas" not in deployment["spec"], "an upgrade would set it back"
    assert not (of_kind(found, "RayService") and of_kind(found, "HorizontalPodAutoscaler"))


def test_a_budget_leaves_a_node_its_way_out(found: list[Manifest]) -> None:
    for each in of_kind(found, "PodDisruptionBudget"):
        name = each["metadata"]["name"]
        if deployment := [d for d in of_kind(found, "Deployment") if d["metadata"]["name"] == name]:
            replicas = deployment[0]["spec"].get("replicas")
            assert replicas is None or each["spec"]["minAvailable"] < replicas, name


def test_what_has_replicas_is_spread_over_zones_and_nodes(pods: list[Pod]) -> None:
    for pod in pods:
        if pod.component in ("webserver", "mlflow") or pod.labels.get("ray.io/node-type") == "worker":
            keys = [each["topologyKey"] for each in pod.spec["topologySpreadConstraints"]]
            assert keys == ["topology.kubernetes.io/zone", "kubernetes.io/hostname"], pod.name
            for each in pod.spec["topologySpreadConstraints"]:
                assert each["labelSelector"]["matchLabels"].items() <= pod.labels.items(), pod.name


def test_what_people_leave_behind_stays(found: list[Manifest]) -> None:
    for claim in of_kind(found, "PersistentVolumeClaim"):
        assert claim["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"


def test_every_ingress_speaks_tls(found: list[Manifest]) -> None:
    for each in of_kind(found, "Ingress"):
        hosts = [host for tls in each["spec"]["tls"] for host in tls["hosts"] if tls["secretName"]]
        assert [rule["host"] for rule in each["spec"]["rules"]] == hosts


def test_rights_are_in_one_namespace_and_name_what_they_are_for(found: list[Manifest]) -> None:
    assert not of_kind(found, "ClusterRole") + of_kind(found, "ClusterRoleBinding")
    for role in of_kind(found, "Role"):
        for rule in role["rules"]:
            assert "*" not in rule["verbs"] + rule["resources"] + rule["apiGroups"]
            assert "secrets" not in rule["resources"]


def test_every_service_finds_the_pods_it_names(found: list[Manifest], pods: list[Pod]) -> None:
    for service in of_kind(found, "Service"):
        selector = service["spec"]["selector"]
        behind = [pod for pod in pods if selector.items() <= pod.labels.items()]
        assert behind, service["metadata"]["name"]
        for pod in behind:
            open_ports = {port["name"] for c in pod.containers for port in c.get("ports", [])}
            assert {port["targetPort"] for port in service["spec"]["ports"]} <= open_ports, pod.name


def test_images_are_never_the_newest_whatever_that_is(pods: list[Pod]) -> None:
    for name, container in _each(pods):
        assert not container["image"].endswith(":latest"), name
        assert ":" in container["image"].rpartition("/")[2] or "@" in container["image"], name


def test_a_migration_that_fails_stops_the_upgrade(found: list[Manifest]) -> None:
    for job in of_kind(found, "Job"):
        assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
        # Before the first installation there is nothing of the chart: neither its accounts nor its ConfigMaps.
        spec = job["spec"]["template"]["spec"]
        assert "serviceAccountName" not in spec
        assert [volume["name"] for volume in spec["volumes"] if "configMap" in volume] == []


def test_kuberay_finds_the_port_of_which_it_makes_the_service(found: list[Manifest], pods: list[Pod]) -> None:
    """A port named `serve` of the head: without it, some of its versions make no Service."""
    for pod in (pod for pod in pods if "ray.io/node-type" in pod.labels):
        ports = {port["name"]: port["containerPort"] for port in pod.spec["containers"][0]["ports"]}
        assert ports["serve"] == 8000, pod.name
    for service in of_kind(found, "RayService"):
        config = yaml.safe_load(service["spec"]["serveConfigV2"])
        assert config["http_options"] == {"host": "0.0.0.0", "port": 8000}
        assert service["metadata"]["annotations"]["ray.io/overwrite-container-cmd"] == "true"


def test_sensors_and_schedules_are_on_wherever_dagster_looks_unless_somebody_says_otherwise(
    way: str, pods: list[Pod]
) -> None:
    wanted = "off" if way == "canary" else "on"
    for pod in pods:
        if pod.component in ("webserver", "daemon", "code-location", "run"):
            variables = {each["name"]: each.get("value") for each in pod.spec["containers"][0]["env"]}
            assert variables["MIGRAINE_AUTOMATION"] == wanted, pod.name
