"""docker-compose.yaml, by its parts: what is mounted exists, who is waited for can be, nobody else gets in."""

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
OURS = ("migrate", "mlflow", "code-location", "webserver", "daemon", "serving")


def _environment(name: str) -> dict[str, str]:
    return {key: str(value) for key, value in SERVICES[name].get("environment", {}).items()}


def test_ports_are_on_loopback() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert ports
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []
    outside = [port.split(":")[1] for port in ports]
    assert len(outside) == len(set(outside))


def test_no_password_is_written_or_has_a_default() -> None:
    text = (PROJECT / "docker-compose.yaml").read_text()
    used = re.findall(r"\$\{(\w*PASSWORD)(.*?)\}", text)
    assert {name for name, _ in used} == {"POSTGRES_PASSWORD", "GRAFANA_PASSWORD"}
    assert all(rest.startswith(":?") for _, rest in used)


@pytest.mark.parametrize("name", SERVICES)
def test_what_is_mounted_exists_or_is_a_volume(name: str) -> None:
    for mount in SERVICES[name].get("volumes", []):
        source = mount.split(":")[0]
        assert (PROJECT / source).exists() if source.startswith("./") else source in COMPOSE["volumes"], mount


@pytest.mark.parametrize("name", SERVICES)
def test_who_is_waited_for_can_say_that_it_is_well(name: str) -> None:
    waited = SERVICES[name].get("depends_on", {})
    for other, how in waited.items() if isinstance(waited, dict) else ():
        if how["condition"] == "service_healthy":
            # The image of the code location has a health check of its own.
            assert "healthcheck" in SERVICES[other] or other == "code-location"
        else:
            assert how["condition"] == "service_completed_successfully"
            assert other == "migrate"


@pytest.mark.parametrize("name", OURS)
def test_our_containers_are_restricted(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    stages = re.findall(r"^FROM .* AS (\S+)$", (PROJECT / "Dockerfile").read_text(), re.MULTILINE)
    assert service["build"]["target"] in stages


def test_other_peoples_images_are_of_a_version() -> None:
    for name in set(SERVICES) - set(OURS):
        assert re.search(r":v?\d+[\w.-]*$", SERVICES[name]["image"]), name


def test_prometheus_takes_its_settings_with_our_rules(tmp_path: Path) -> None:
    settings = (PROJECT / "compose" / "prometheus.yaml").read_text()
    mounted = PROJECT / "helm" / "migraine-platform" / "files" / "rules"
    assert f"./{mounted.relative_to(PROJECT)}:/etc/prometheus/rules:ro" in SERVICES["prometheus"]["volumes"]
    (tmp_path / "prometheus.yaml").write_text(settings.replace("/etc/prometheus/rules", str(mounted)))
    checked = subprocess.run(
        [tool("promtool", "promtool"), "check", "config", str(tmp_path / "prometheus.yaml")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr
    assert "4 rule files found" in checked.stdout


def test_grafana_looks_for_dashboards_where_they_are_mounted() -> None:
    provider = yaml.safe_load((PROJECT / "compose" / "grafana" / "dashboards.yaml").read_text())["providers"][0]
    mounted = [mount for mount in SERVICES["grafana"]["volumes"] if provider["options"]["path"] in mount]
    assert len(mounted) == 1
    assert list((PROJECT / mounted[0].split(":")[0]).glob("*.json"))


def test_the_migration_leaves_the_settings_that_the_others_read(home: Home) -> None:
    """The others' `DAGSTER_HOME` is the folder into which it writes, with PostgreSQL in them."""
    if reason := missing():
        pytest.skip(reason)
    with postgres() as server:
        server.make("dagster", "mlflow")
        extra = {"DAGSTER_POSTGRES_URL": server.url("dagster"), "MLFLOW_BACKEND_STORE_URI": server.url("mlflow")}
        assert _environment("migrate")["DAGSTER_HOME"] == ""
        assert set(extra) <= set(_environment("migrate"))
        done = home.process(*SERVICES["migrate"]["command"][1:], extra={**extra, "DAGSTER_HOME": ""})
        assert done.code == 0, done.text
    assert _environment("webserver")["DAGSTER_HOME"] == "/var/lib/migraine/dagster"
    written = yaml.safe_load((home.root / "dagster" / "dagster.yaml").read_text())
    assert written["storage"]["postgres"]["postgres_url"] == {"env": "DAGSTER_POSTGRES_URL"}


def test_every_address_between_containers_is_a_service_and_a_port_of_its_own() -> None:
    known = {"postgres": 5432, "mlflow": 5000, "serving": 8000}
    addresses = {
        match
        for name in OURS
        for value in _environment(name).values()
        for match in re.findall(r"(?:@|http://)([a-z-]+):(\d+)", value)
    }
    assert addresses == {(name, str(port)) for name, port in known.items()}
