"""Containers of the images under test, started as a restricted pod starts them."""

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
needs_images = pytest.mark.skipif(
    not PODMAN, reason="the images are built by `make image`, which names the command for containers in MIGRAINE_PODMAN"
)
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
    # HAProxy asks for some ten thousand.
    f"--ulimit=nofile={FILES}:{FILES}",
    # Podman leaves health checks to systemd, which a container of tests has not.
    "--no-healthcheck",
    "--ulimit=nproc=4096:4096",
    "--shm-size=256m",
)


@dataclass(frozen=True)
class Image:
    """`name` as `make image` tags it, with the folder of state that its containers share, if any."""

    name: str
    home: Path | None = None

    def run(self, *command: str, env: dict[str, str] | None = None, fails: bool = False) -> str:
        """The output of a container that ends by itself."""
        line = [*PODMAN, "run", "--rm", *self._options(env), self.name, *command]
        done = subprocess.run(line, capture_output=True, text=True, timeout=900)
        assert fails == bool(done.returncode), f"{command} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def python(self, code: str) -> str:
        """What `code` prints in a container."""
        return self.run("python3", "-c", code).strip()

    @contextmanager
    def running(self, *command: str, env: dict[str, str] | None = None) -> Iterator[str]:
        """A container that goes on, by its name; ended as a cluster ends it."""
        name = f"migraine-{uuid.uuid4().hex[:8]}"
        line = [*PODMAN, "run", "--detach", "--name", name, *self._options(env), self.name, *command]
        subprocess.run(line, check=True, capture_output=True, timeout=120)
        try:
            yield name
        finally:
            subprocess.run([*PODMAN, "stop", "--time", "30", name], capture_output=True, timeout=120)
            subprocess.run([*PODMAN, "rm", "--force", name], capture_output=True, timeout=120)

    def described(self) -> dict[str, Any]:
        """The image's own description."""
        text = subprocess.run([*PODMAN, "image", "inspect", self.name], check=True, capture_output=True, timeout=60)
        found: dict[str, Any] = json.loads(text.stdout)[0]
        return found

    def health_check(self) -> list[str]:
        """The command by which the image says that it is well."""
        described = self.described()
        check = described.get("HealthCheck") or described.get("Healthcheck") or described["Config"]["Healthcheck"]
        command: list[str] = check["Test"][1:]
        return command

    def _options(self, env: dict[str, str] | None) -> list[str]:
        state = [f"--volume={self.home}:/var/lib/migraine"] if self.home else ["--tmpfs=/var/lib/migraine:mode=1777"]
        return [*RESTRICTED, *state, *(f"--env={name}={value}" for name, value in (env or {}).items())]


def inside(name: str, *command: str) -> subprocess.CompletedProcess[str]:
    """A command in the running container `name`."""
    return subprocess.run([*PODMAN, "exec", name, *command], capture_output=True, text=True, timeout=120)


def log_of(name: str) -> str:
    """What the container `name` has said so far."""
    done = subprocess.run([*PODMAN, "logs", name], capture_output=True, text=True, timeout=60)
    return done.stdout + done.stderr
