"""Deletes what Helm does not know, before it removes the release with its accounts and network policies.

- The RayService, and wait for its clusters: KubeRay's operator deletes their state in Redis with a pod that has the
  account of the service.
- The Jobs of runs and steps, and that of a migration that failed.

Usage: cleanup.py NAMESPACE RUNS_NAMESPACE PREFIX SELECTOR. Not here: volumes, Secrets and databases, which stay.
"""

import sys
import time
from collections.abc import Callable

from kubernetes import client, config
from kubernetes.client.exceptions import ApiException

RAY = ("ray.io", "v1")
PATIENCE = 540


def main(namespace: str, runs: str, prefix: str, selector: str) -> None:
    """Delete everything and wait for the clusters of Ray. Exits with 1 if they remain after `PATIENCE` seconds."""
    config.load_config()
    jobs, custom = client.BatchV1Api(), client.CustomObjectsApi()
    service = f"{prefix}-serving"
    _gone(lambda: custom.delete_namespaced_custom_object(*RAY, namespace, "rayservices", service))
    for space in sorted({namespace, runs}):
        jobs.delete_collection_namespaced_job(
            space, label_selector=f"{selector},app.kubernetes.io/component=run", propagation_policy="Background"
        )
    _gone(lambda: jobs.delete_namespaced_job(f"{prefix}-migrate", namespace, propagation_policy="Background"))
    deadline = time.monotonic() + PATIENCE
    while left := _clusters(custom, namespace, service):
        if time.monotonic() > deadline:
            sys.exit(
                f"Still there: {', '.join(left)}. Is KubeRay's operator running? If not: helm uninstall --no-hooks"
            )
        sys.stdout.write(f"Waiting for KubeRay to delete {', '.join(left)}\n")
        time.sleep(2)


def _clusters(custom: client.CustomObjectsApi, namespace: str, service: str) -> list[str]:
    selector = f"ray.io/originated-from-cr-name={service}"
    try:
        listed = custom.list_namespaced_custom_object(*RAY, namespace, "rayclusters", label_selector=selector)
    except ApiException as error:
        if error.status == 404:  # KubeRay is not installed.
            return []
        raise
    return [each["metadata"]["name"] for each in listed["items"]]


def _gone(delete: Callable[[], object]) -> None:
    try:
        delete()
    except ApiException as error:
        if error.status != 404:
            raise


if __name__ == "__main__":
    main(*sys.argv[1:])
