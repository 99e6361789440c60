"""What a user who can start runs can change about their pods, through the launcher and the executor.

Not here: what every pod complies with (`test_policies`).
"""

from typing import Any

import pytest

from migraine_assets_tests.platform.helm.pods import dagster_settings, launcher_of, run_job, step_job
from migraine_assets_tests.platform.helm.rendering import (
    NAMESPACE,
    RELEASE,
    Manifest,
    named,
    of_kind,
    render,
    values_of,
)

TAGS: tuple[dict[str, Any], ...] = (
    {"container_config": {"image": "evil.example/image"}},
    {"container_config": {"command": ["sh"]}},
    {"container_config": {"env_from": [{"secret_ref": {"name": "sh.helm.release.v1.migraine-platform.v1"}}]}},
    {"container_config": {"env": [{"name": "LD_PRELOAD", "value": "/tmp/x.so"}]}},
    {"container_config": {"volume_mounts": [{"name": "release", "mount_path": "/release"}]}},
    {"container_config": {"security_context": {"privileged": True}}},
    {"pod_spec_config": {"volumes": [{"name": "release", "secret": {"secret_name": "a"}}]}},
    {"pod_spec_config": {"service_account_name": f"{RELEASE}-serving"}},
    {"pod_spec_config": {"containers": [{"name": "second", "image": "evil.example/image"}]}},
    {"pod_spec_config": {"automount_service_account_token": True}},
    {"pod_template_spec_metadata": {"labels": {"app.kubernetes.io/component": "serving"}}},
    {"job_spec_config": {"parallelism": 100}},
    {"job_metadata": {"namespace": "kube-system"}},
)


@pytest.mark.parametrize("tag", TAGS, ids=lambda tag: next(iter(next(iter(tag.values())))))
def test_a_tag_of_a_run_cannot_change_its_pod(tag: dict[str, Any]) -> None:
    """Otherwise a tag `dagster-k8s/config` could create a Job with a foreign image and the Secret of the release."""
    with pytest.raises(Exception, match="violated the allowed list"):
        run_job(render({}), **tag)


def test_a_tag_of_a_run_can_request_resources() -> None:
    wanted = {"requests": {"cpu": "3", "memory": "6Gi"}, "limits": {"cpu": "3", "memory": "6Gi"}}
    job = run_job(render({}), container_config={"resources": wanted})
    assert job["spec"]["template"]["spec"]["containers"][0]["resources"] == wanted


@pytest.mark.parametrize(
    "config",
    [
        {"job_image": "evil.example/image"},
        {"env_secrets": ["sh.helm.release.v1.migraine-platform.v1"]},
        {"service_account_name": f"{RELEASE}-serving"},
        {"job_namespace": "kube-system"},
        {"volumes": [{"name": "release", "secret": {"secret_name": "a"}}]},
        {"step_k8s_config": {"container_config": {"image": "evil.example/image"}}},
        {"per_step_k8s_config": {"features": {"container_config": {"image": "evil.example/image"}}}},
    ],
    ids=lambda config: next(iter(config)),
)
def test_the_configuration_of_a_run_cannot_change_its_steps(config: dict[str, Any]) -> None:
    """This is the second way to the same Job: the executor accepts what the launcher refuses."""
    with pytest.raises(ValueError, match=next(iter(config))):
        step_job(render(values_of("production")), config)


def test_the_configuration_of_a_run_can_limit_its_steps() -> None:
    assert step_job(render(values_of("production")), {"max_concurrent": 2})


def test_a_waiting_run_asks_for_little_and_its_steps_for_the_resources_of_the_pipeline() -> None:
    """With a pod for each step, the pod of the run would otherwise keep two processors idle."""
    resources = {"requests": {"cpu": "1", "memory": "3Gi"}, "limits": {"cpu": "2", "memory": "6Gi"}}
    objects = render({"pipeline": {"executor": "k8s_job", "resources": resources}})
    run = run_job(objects)["spec"]["template"]["spec"]["containers"][0]
    assert run["resources"]["requests"] == {"cpu": "100m", "memory": "512Mi"}
    step = step_job(objects)["spec"]["template"]["spec"]["containers"][0]
    assert step["resources"] == resources
    alone = run_job(render({"pipeline": {"resources": resources}}))["spec"]["template"]["spec"]["containers"][0]
    assert alone["resources"] == resources


def test_a_run_that_hangs_is_stopped() -> None:
    """It would block the queue, because only one run is active at a time."""
    assert dagster_settings(render({}))["run_monitoring"]["max_runtime_seconds"] == 21600


@pytest.fixture(scope="module")
def apart() -> list[Manifest]:
    """Runs in a namespace of their own."""
    return render(values_of("isolated"))


def test_runs_and_steps_are_created_in_their_namespace(apart: list[Manifest]) -> None:
    assert launcher_of(apart).job_namespace == "migraine-runs"
    for job in (run_job(apart), step_job(apart)):
        assert job["metadata"]["namespace"] == "migraine-runs"


def test_what_runs_need_is_in_their_namespace(apart: list[Manifest]) -> None:
    """A pod reads ConfigMaps and uses accounts of its own namespace only."""
    there = {(each["kind"], each["metadata"]["name"]) for each in apart if _space(each) == "migraine-runs"}
    assert {("ConfigMap", f"{RELEASE}-dagster"), ("ServiceAccount", f"{RELEASE}-runs")} <= there
    assert {("Role", f"{RELEASE}-runs"), ("RoleBinding", f"{RELEASE}-runs")} <= there
    assert ("NetworkPolicy", f"{RELEASE}-closed") in there
    spec = run_job(apart)["spec"]["template"]["spec"]
    assert [volume for volume in spec["volumes"] if "persistentVolumeClaim" in volume] == []


def test_no_account_can_start_pods_in_the_namespace_of_the_release(apart: list[Manifest]) -> None:
    """A separate namespace for runs ensures this: its Jobs cannot mount the Secrets of other pods."""
    for role in of_kind(apart, "Role"):
        creates = any({"create", "*"} & set(rule["verbs"]) for rule in role["rules"])
        assert not creates or _space(role) == "migraine-runs", role["metadata"]["name"]


def test_addresses_that_runs_use_name_the_namespace_of_the_release(apart: list[Manifest]) -> None:
    variables = {
        each["name"]: each.get("value") for each in run_job(apart)["spec"]["template"]["spec"]["containers"][0]["env"]
    }
    assert variables["MIGRAINE_MLFLOW_TRACKING_URI"] == f"http://{RELEASE}-mlflow.{NAMESPACE}.svc:5000"
    assert f".{NAMESPACE}.svc:8000" in str(variables["MIGRAINE_SERVICE_URL"])


def test_the_account_of_runs_has_the_identity_of_the_platform_unless_it_has_its_own() -> None:
    identity = {"iam.example/role": "platform"}
    for own, expected in (({}, identity), ({"iam.example/role": "runs"}, {"iam.example/role": "runs"})):
        objects = render({"serviceAccounts": {"annotations": {"platform": identity, "runs": own}}})
        assert named(objects, "ServiceAccount", f"{RELEASE}-runs")["metadata"]["annotations"] == expected


def _space(each: Manifest) -> str:
    return str(each["metadata"].get("namespace", NAMESPACE))
