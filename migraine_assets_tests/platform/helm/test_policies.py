"""Rules for every pod, including those of runs and of Ray."""

import re
from typing import Any

import yaml

from migraine_assets_tests.platform.helm.pods import STEP, Pod, has_steps
from migraine_assets_tests.platform.helm.rendering import RELEASE, Manifest, named, of_kind

# PostgreSQL has the user of its image.
USERS = {10001, 70}
SECRETIVE = re.compile(r"password|secret_access|SERVING_SECRET|ALERT_URLS|POSTGRES_URL|STORE_URI$", re.IGNORECASE)


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
    """PodSecurity `restricted` also applies to init containers and test pods."""
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
        for container in pod.containers:
            assert "/tmp" in {mount["mountPath"] for mount in container["volumeMounts"]}, f"{pod.name}"


def test_every_container_has_requests_and_limits(pods: list[Pod]) -> None:
    for name, container in _each(pods):
        for kind in ("requests", "limits"):
            assert set(container["resources"][kind]) >= {"cpu", "memory"}, name


def test_no_pod_shares_namespaces_or_paths_with_its_node(pods: list[Pod]) -> None:
    for pod in pods:
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod.spec), pod.name
        assert not [volume for volume in pod.spec.get("volumes", []) if "hostPath" in volume], pod.name
        assert not [port for c in pod.containers for port in c.get("ports", []) if "hostPort" in port], pod.name


def test_no_secret_value_is_rendered(objects: list[Manifest], pods: list[Pod]) -> None:
    """The chart refers to existing Secrets and creates none."""
    assert of_kind(objects, "Secret") == []
    for name, container in _each(pods):
        for variable in container.get("env", []):
            if SECRETIVE.search(variable["name"]) and "value" in variable:
                value = variable["value"]
                assert "$(POSTGRES_PASSWORD)" in value or value.startswith("s3://"), f"{name} {variable['name']}"


def test_only_pods_that_need_kubernetes_have_its_token(objects: list[Manifest], pods: list[Pod]) -> None:
    """Steps run code on diaries and start nothing; a run starts pods only if each step has its own."""
    for pod in pods:
        read_only = "--read-only" in pod.spec["containers"][0].get("command", [])
        needed = {
            "webserver": not read_only,
            "daemon": True,
            "cleanup": True,
            "run": has_steps(objects) and pod.name != STEP,
            "serving": pod.labels.get("ray.io/node-type") == "head",
        }
        assert pod.spec["automountServiceAccountToken"] is needed.get(pod.component, False), pod.name


def test_runs_have_an_account_of_their_own(objects: list[Manifest], pods: list[Pod]) -> None:
    """A run has other permissions than the webserver, the daemon and the service."""
    runs = {pod.spec["serviceAccountName"] for pod in pods if pod.component == "run"}
    others = {pod.spec.get("serviceAccountName") for pod in pods if pod.component != "run"}
    assert len(runs) == 1
    assert not runs & others
    bound = {subject["name"] for each in of_kind(objects, "RoleBinding") for subject in each["subjects"]}
    assert runs <= bound if has_steps(objects) else not runs & bound


def test_no_pod_has_service_links(pods: list[Pod]) -> None:
    """Otherwise a Service named `serving` would set SERVING_PORT to tcp://..."""
    assert [pod.name for pod in pods if pod.spec.get("enableServiceLinks") is not False] == []


def test_mounts_and_volumes_match(pods: list[Pod]) -> None:
    for pod in pods:
        declared = {volume["name"] for volume in pod.spec.get("volumes", [])}
        used = {mount["name"] for container in pod.containers for mount in container.get("volumeMounts", [])}
        assert used == declared, pod.name


def test_long_running_containers_have_three_probes(pods: list[Pod]) -> None:
    for pod in pods:
        if pod.component in ("run", "test", "migrate", "cleanup", "backup"):
            continue
        # KubeRay adds the autoscaler.
        for container in (c for c in pod.spec["containers"] if c["name"] != "autoscaler"):
            assert {"startupProbe", "readinessProbe", "livenessProbe"} <= set(container), pod.name


def test_probes_use_declared_ports(pods: list[Pod]) -> None:
    for name, container in _each(pods):
        ports = {port["name"] for port in container.get("ports", [])}
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            for how in ("httpGet", "tcpSocket"):
                if request := container.get(probe, {}).get(how):
                    assert request["port"] in ports, f"{name} {probe}"


def test_probes_of_the_service_have_a_port_of_their_own(objects: list[Manifest]) -> None:
    """Under load a request on the main port waits, and the kubelet would restart a healthy pod."""
    for each in of_kind(objects, "Deployment"):
        container = each["spec"]["template"]["spec"]["containers"][0]
        if container["name"] == "serving":
            variables = {variable["name"]: variable.get("value") for variable in container["env"]}
            port = next(port["containerPort"] for port in container["ports"] if port["name"] == "health")
            assert variables["SERVING_HEALTH_PORT"] == str(port) != "8000"
            for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
                assert container[probe]["httpGet"]["port"] == "health"


def test_there_is_exactly_one_daemon_at_any_time(objects: list[Manifest]) -> None:
    spec = named(objects, "Deployment", "migraine-platform-daemon")["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})


def test_ray_pods_have_no_horizontal_pod_autoscaler(objects: list[Manifest]) -> None:
    for each in of_kind(objects, "HorizontalPodAutoscaler"):
        target = each["spec"]["scaleTargetRef"]
        deployment = named(objects, target["kind"], target["name"])
        assert "replicas" not in deployment["spec"], "an upgrade would set it back"
    assert not (of_kind(objects, "RayService") and of_kind(objects, "HorizontalPodAutoscaler"))


def test_disruption_budgets_allow_draining_a_node(objects: list[Manifest]) -> None:
    for each in of_kind(objects, "PodDisruptionBudget"):
        name = each["metadata"]["name"]
        if deployment := [d for d in of_kind(objects, "Deployment") if d["metadata"]["name"] == name]:
            replicas = deployment[0]["spec"].get("replicas")
            assert replicas is None or each["spec"]["minAvailable"] < replicas, name


def test_replicas_are_spread_over_zones_and_nodes(pods: list[Pod]) -> None:
    for pod in pods:
        if pod.component in ("webserver", "mlflow") or pod.labels.get("ray.io/node-type") == "worker":
            keys = [each["topologyKey"] for each in pod.spec["topologySpreadConstraints"]]
            assert keys == ["topology.kubernetes.io/zone", "kubernetes.io/hostname"], pod.name
            for each in pod.spec["topologySpreadConstraints"]:
                assert each["labelSelector"]["matchLabels"].items() <= pod.labels.items(), pod.name


def test_data_outlive_the_release(objects: list[Manifest]) -> None:
    for claim in of_kind(objects, "PersistentVolumeClaim"):
        assert claim["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"


def test_every_ingress_has_tls(objects: list[Manifest]) -> None:
    for each in of_kind(objects, "Ingress"):
        hosts = [host for tls in each["spec"]["tls"] for host in tls["hosts"] if tls["secretName"]]
        assert [rule["host"] for rule in each["spec"]["rules"]] == hosts


def test_permissions_are_namespaced_and_without_wildcards(objects: list[Manifest]) -> None:
    assert not of_kind(objects, "ClusterRole") + of_kind(objects, "ClusterRoleBinding")
    for role in of_kind(objects, "Role"):
        for rule in role["rules"]:
            assert "*" not in rule["verbs"] + rule["resources"] + rule["apiGroups"]
            assert "secrets" not in rule["resources"]


def test_every_service_selects_pods(objects: list[Manifest], pods: list[Pod]) -> None:
    for service in of_kind(objects, "Service"):
        selector = service["spec"]["selector"]
        behind = [pod for pod in pods if selector.items() <= pod.labels.items()]
        assert behind, service["metadata"]["name"]
        for pod in behind:
            open_ports = {port["name"] for c in pod.containers for port in c.get("ports", [])}
            assert {port["targetPort"] for port in service["spec"]["ports"]} <= open_ports, pod.name


def test_no_image_has_the_tag_latest(pods: list[Pod]) -> None:
    for name, container in _each(pods):
        assert not container["image"].endswith(":latest"), name
        assert ":" in container["image"].rpartition("/")[2] or "@" in container["image"], name


def test_a_migration_that_fails_stops_the_upgrade(objects: list[Manifest]) -> None:
    for job in of_kind(objects, "Job"):
        if "delete" in job["metadata"]["annotations"]["helm.sh/hook"]:
            continue
        assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
        # Before the first installation, accounts and ConfigMaps of the chart do not exist.
        spec = job["spec"]["template"]["spec"]
        assert "serviceAccountName" not in spec
        own = [volume for volume in spec["volumes"] if volume.get("configMap", {}).get("name", "").startswith(RELEASE)]
        assert own == []


def test_the_head_has_the_port_of_the_service(objects: list[Manifest], pods: list[Pod]) -> None:
    """Without a port named `serve`, some versions of KubeRay create no Service."""
    for pod in (pod for pod in pods if "ray.io/node-type" in pod.labels):
        ports = {port["name"]: port["containerPort"] for port in pod.spec["containers"][0]["ports"]}
        assert ports["serve"] == 8000, pod.name
    for service in of_kind(objects, "RayService"):
        config = yaml.safe_load(service["spec"]["serveConfigV2"])
        assert config["http_options"] == {"host": "0.0.0.0", "port": 8000}
        assert service["metadata"]["annotations"]["ray.io/overwrite-container-cmd"] == "true"


def test_automation_is_on_in_every_dagster_process_unless_disabled(variant: str, pods: list[Pod]) -> None:
    wanted = "off" if variant == "canary" else "on"
    for pod in pods:
        if pod.component in ("webserver", "daemon", "code-location", "run"):
            variables = {each["name"]: each.get("value") for each in pod.spec["containers"][0]["env"]}
            assert variables["MIGRAINE_AUTOMATION"] == wanted, pod.name
