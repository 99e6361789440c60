"""docker-compose.yaml: mounts exist, dependencies have health checks, and containers and ports are restricted."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from migraine_assets_tests.platform.postgres.server import missing, postgres
from migraine_assets_tests.platform.rules.rule_files import tool
from migraine_assets_tests.support.homes import Home

PROJECT = Path(__file__).parents[3]
COMPOSE: dict[str, Any] = yaml.safe_load((PROJECT / "docker-compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
PLATFORM = ("migrate", "mlflow", "code-location", "webserver", "daemon", "serving")


def _environment(name: str) -> dict[str, str]:
    return {key: str(value) for key, value in SERVICES[name].get("environment", {}).items()}


def test_ports_are_on_loopback() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert ports
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []
    outside = [port.split(":")[1] for port in ports]
    assert len(outside) == len(set(outside))


def test_passwords_have_no_default() -> None:
    text = (PROJECT / "docker-compose.yaml").read_text()
    used = re.findall(r"\$\{(\w*PASSWORD)(.*?)\}", text)
    assert {name for name, _ in used} == {"POSTGRES_PASSWORD", "GRAFANA_PASSWORD"}
    assert all(rest.startswith(":?") for _, rest in used)


@pytest.mark.parametrize("name", SERVICES)
def test_every_mount_exists_or_is_a_volume(name: str) -> None:
    for mount in SERVICES[name].get("volumes", []):
        source = mount.split(":")[0]
        assert (PROJECT / source).exists() if source.startswith("./") else source in COMPOSE["volumes"], mount


@pytest.mark.parametrize("name", SERVICES)
def test_every_dependency_has_a_health_check_or_is_the_migration(name: str) -> None:
    dependencies = SERVICES[name].get("depends_on", {})
    for other, how in dependencies.items() if isinstance(dependencies, dict) else ():
        if how["condition"] == "service_healthy":
            # The image of the code location has a health check.
            assert "healthcheck" in SERVICES[other] or other == "code-location"
        else:
            assert how["condition"] == "service_completed_successfully"
            assert other == "migrate"


@pytest.mark.parametrize("name", PLATFORM)
def test_containers_of_the_platform_are_restricted(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    stages = re.findall(r"^FROM .* AS (\S+)$", (PROJECT / "Dockerfile").read_text(), re.MULTILINE)
    assert service["build"]["target"] in stages


def test_other_images_have_a_version() -> None:
    for name in set(SERVICES) - set(PLATFORM):
        assert re.search(r":v?\d+[\w.-]*$", SERVICES[name]["image"]), name


def test_prometheus_accepts_its_configuration_with_the_rules(tmp_path: Path) -> None:
    config = (PROJECT / "compose" / "prometheus.yaml").read_text()
    mounted = PROJECT / "helm" / "migraine-platform" / "files" / "rules"
    assert f"./{mounted.relative_to(PROJECT)}:/etc/prometheus/rules:ro" in SERVICES["prometheus"]["volumes"]
    (tmp_path / "prometheus.yaml").write_text(config.replace("/etc/prometheus/rules", str(mounted)))
    checked = subprocess.run(
        [tool("promtool", "promtool"), "check", "config", str(tmp_path / "prometheus.yaml")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr
    assert f"{len(list(mounted.glob('*.yaml')))} rule files found" in checked.stdout


def test_grafana_reads_dashboards_from_their_mount() -> None:
    provider = yaml.safe_load((PROJECT / "compose" / "grafana" / "dashboards.yaml").read_text())["providers"][0]
    mounted = [mount for mount in SERVICES["grafana"]["volumes"] if provider["options"]["path"] in mount]
    assert len(mounted) == 1
    assert list((PROJECT / mounted[0].split(":")[0]).glob("*.json"))


def test_the_migration_writes_the_configuration_of_the_other_containers(home: Home) -> None:
    """It writes a dagster.yaml with PostgreSQL to their `DAGSTER_HOME`."""
    if reason := missing():
        pytest.skip(reason)
    with postgres() as server:
        server.create("dagster", "mlflow")
        extra = {"DAGSTER_POSTGRES_URL": server.url("dagster"), "MLFLOW_BACKEND_STORE_URI": server.url("mlflow")}
        assert _environment("migrate")["DAGSTER_HOME"] == ""
        assert set(extra) <= set(_environment("migrate"))
        done = home.process(*SERVICES["migrate"]["command"][1:], extra={**extra, "DAGSTER_HOME": ""})
        assert done.code == 0, done.text
    assert _environment("webserver")["DAGSTER_HOME"] == "/var/lib/migraine/dagster"
    written = yaml.safe_load((home.root / "dagster" / "dagster.yaml").read_text())
    assert written["storage"]["postgres"]["postgres_url"] == {"env": "DAGSTER_POSTGRES_URL"}


def test_every_address_between_containers_is_the_port_of_a_service() -> None:
    known = {"postgres": 5432, "mlflow": 5000, "serving": 8000}
    addresses = {
        match
        for name in PLATFORM
        for value in _environment(name).values()
        for match in re.findall(r"(?:@|http://)([a-z-]+):(\d+)", value)
    }
    assert addresses == {(name, str(port)) for name, port in known.items()}
