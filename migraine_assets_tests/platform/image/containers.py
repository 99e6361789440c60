"""Containers of the images, with the restrictions of a pod."""

import json
import os
import resource
import shlex
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

PODMAN = shlex.split(os.environ.get("MIGRAINE_PODMAN", ""))
needs_images = pytest.mark.skipif(not PODMAN, reason="needs the images of `make image`, which sets MIGRAINE_PODMAN")
USER = 10001
FILES = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
RESTRICTED = (
    "--read-only",
    "--read-only-tmpfs=false",
    "--tmpfs=/tmp",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
    "--cgroups=disabled",
    "--network=host",
    # HAProxy needs about ten thousand.
    f"--ulimit=nofile={FILES}:{FILES}",
    # Podman runs health checks with systemd, which is not available here.
    "--no-healthcheck",
    "--ulimit=nproc=4096:4096",
    "--shm-size=256m",
)


@dataclass(frozen=True)
class Image:
    """An image by its tag, and the folder that its containers mount as home, if any."""

    name: str
    home: Path | None = None

    def run(self, *command: str, env: dict[str, str] | None = None, fails: bool = False) -> str:
        """Run a command in a container and return its output."""
        line = [*PODMAN, "run", "--rm", *self._options(env), self.name, *command]
        done = subprocess.run(line, capture_output=True, text=True, timeout=900)
        assert fails == bool(done.returncode), f"{command} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def python(self, code: str) -> str:
        """Run Python code in a container and return its output."""
        return self.run("python3", "-c", code).strip()

    @contextmanager
    def running(self, *command: str, env: dict[str, str] | None = None) -> Iterator[str]:
        """Start a container and yield its name. It is stopped as in a cluster."""
        name = f"migraine-{uuid.uuid4().hex[:8]}"
        line = [*PODMAN, "run", "--detach", "--name", name, *self._options(env), self.name, *command]
        subprocess.run(line, check=True, capture_output=True, timeout=120)
        try:
            yield name
        finally:
            subprocess.run([*PODMAN, "stop", "--time", "30", name], capture_output=True, timeout=120)
            subprocess.run([*PODMAN, "rm", "--force", name], capture_output=True, timeout=120)

    def description(self) -> dict[str, Any]:
        """Return the metadata of the image."""
        text = subprocess.run([*PODMAN, "image", "inspect", self.name], check=True, capture_output=True, timeout=60)
        description: dict[str, Any] = json.loads(text.stdout)[0]
        return description

    def health_check(self) -> list[str]:
        """Return the command of the image's health check."""
        description = self.description()
        check = description.get("HealthCheck") or description.get("Healthcheck") or description["Config"]["Healthcheck"]
        command: list[str] = check["Test"][1:]
        return command

    def _options(self, env: dict[str, str] | None) -> list[str]:
        state = [f"--volume={self.home}:/var/lib/migraine"] if self.home else ["--tmpfs=/var/lib/migraine:mode=1777"]
        return [*RESTRICTED, *state, *(f"--env={name}={value}" for name, value in (env or {}).items())]


def inside(name: str, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command in the running container `name`."""
    return subprocess.run([*PODMAN, "exec", name, *command], capture_output=True, text=True, timeout=120)


def log_of(name: str) -> str:
    """Return the output of the container `name` so far."""
    done = subprocess.run([*PODMAN, "logs", name], capture_output=True, text=True, timeout=60)
    return done.stdout + done.stderr
