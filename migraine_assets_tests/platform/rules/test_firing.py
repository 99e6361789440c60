"""A service that is really broken, and who is told of it, from the rule to the receiver of the alert."""

import json
import signal
from pathlib import Path

import dagster as dg

from migraine_assets.stores.bundles.bundles import write_bundle
from migraine_assets.stores.bundles.manifest import MODEL_FILE
from migraine_assets.stores.registry.pointer import POINTER, Pointer, Serving, read_pointer, write_pointer
from migraine_assets_tests.platform.rules.stack import BACKLOG_LIMIT, Stack, hastened, repeated
from migraine_assets_tests.support.service import BODY, Service, put_champion
from migraine_assets_tests.support.waiting import eventually
from migraine_assets_tests.unit.defs.automation.place import Place
from migraine_assets_tests.unit.stores.bundles.example_bundles import example_manifest, example_model


def serving(stack: Stack) -> Service:
    """The service with a champion, and nothing that fires."""
    service = stack.service
    if not read_pointer(service.store).tasks:
        put_champion(service.store, weight=0.01)
    assert eventually(lambda: service.responds("/ready"), patience=30)
    return service


def predict(service: Service) -> int:
    return service.request("POST", "/predict", BODY)[0]


def test_only_periods_are_shortened() -> None:
    rules = 'expr: sum(increase(x[2h])) > 300\nfor: 5m\n    for: 10m\ndescription: "for 5m [is] told"\n'
    assert hastened(rules) == (
        'expr: sum(increase(x[120s])) > 300\nfor: 5s\n    for: 10s\ndescription: "for 5m [is] told"\n'
    )


def test_a_service_without_a_model_is_told_of_once_however_many_requests_fail(stack: Stack) -> None:
    service = stack.service
    with stack.told_of("MigraineNotReady"):
        assert not service.responds("/ready")
    with repeated(lambda: predict(service)):
        assert eventually(lambda: {"MigraineNotReady", "MigraineErrorRateHigh"} <= stack.firing())
    with stack.told_that_it_is_over("MigraineNotReady"):
        serving(stack)
        with repeated(lambda: predict(service)):
            assert eventually(lambda: not {"MigraineNotReady", "MigraineErrorRateHigh"} & stack.firing())
    assert predict(service) == 200
    assert ("firing", "MigraineErrorRateHigh") not in stack.told.said


def test_a_bundle_that_was_altered_is_told_of_while_the_old_one_serves(stack: Stack) -> None:
    service = serving(stack)
    store, before = service.store, read_pointer(service.store)
    model = example_model(weight=0.5)
    bundle = write_bundle(store, example_manifest(model), model, provenance={})
    store.write(f"bundles/{bundle}/{MODEL_FILE}", b"altered")
    with stack.told_of("MigraineReloadFailing"):
        # As after a restore from a bad copy: a promotion would refuse such a bundle.
        write_pointer(store, Pointer(before.version + 1, {"attack": Serving(bundle, None, "2026-03-01", "r")}))
    assert predict(service) == 200
    with stack.told_that_it_is_over("MigraineReloadFailing"):
        write_pointer(store, Pointer(before.version + 2, before.tasks))


def test_a_pointer_that_cannot_be_believed_is_told_of(stack: Stack) -> None:
    store = serving(stack).store
    good = store.read(POINTER)
    with stack.told_of("MigraineReloadFailing"):
        store.write(POINTER, b'{"format": 2, "tasks"')
    with stack.told_that_it_is_over("MigraineReloadFailing"):
        store.write(POINTER, good)


def test_a_log_that_cannot_be_written_is_told_of_and_so_is_what_is_lost(stack: Stack) -> None:
    service = serving(stack)
    identity = json.loads(service.request("POST", "/predict", BODY)[1])["prediction_id"]
    told = json.dumps({"prediction_id": identity, "migraine_occurrence": 1}).encode()
    log = Path(service.store.path("log/feedback"))
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text("in the way")
    with stack.told_of("MigraineLogWritesFail"):
        assert service.request("POST", "/feedback", told)[0] == 200
    assert service.metric("migraine_receipt_backlog") == 1
    assert service.metric("migraine_receipts_dropped_total") == 0
    with stack.told_of("MigraineReceiptsLost"):
        for _ in range(BACKLOG_LIMIT + 9):
            assert service.request("POST", "/feedback", told)[0] == 200
    assert service.metric("migraine_receipts_dropped_total") == 10
    with stack.told_that_it_is_over("MigraineLogWritesFail", "MigraineReceiptsLost"):
        log.unlink()
    assert eventually(lambda: service.metric("migraine_receipt_backlog") == 0, patience=20)
    [segment] = log.rglob("*.jsonl")
    assert segment.read_bytes().count(b"\n") == BACKLOG_LIMIT


def test_a_failed_run_of_dagster_is_told_of_until_one_succeeds(stack: Stack) -> None:
    service = serving(stack)
    with dg.instance_for_test() as instance:
        place = Place(service.home, instance)
        with stack.told_of("MigraineRunFailed"):
            place.run(fails=True)
            place.published()
        [said] = [alert for alert in stack.told.alerts if alert["labels"]["alertname"] == "MigraineRunFailed"]
        assert said["labels"]["dagster_job"] == "nightly"
        assert said["annotations"]["runbook_url"] == "docs/runbooks.md#migrainerunfailed"
        with stack.told_that_it_is_over("MigraineRunFailed"):
            place.run()
            place.published()


def test_an_app_that_sends_what_is_refused_is_told_of(stack: Stack) -> None:
    service = serving(stack)
    with (
        stack.told_of("MigraineRequestsRefused"),
        repeated(lambda: service.request("POST", "/predict", b'{"sleep_hours": 99}')),
    ):
        assert eventually(lambda: "MigraineRequestsRefused" in stack.firing())


def test_a_killed_service_is_told_of_and_so_is_its_return(stack: Stack) -> None:
    service = serving(stack)
    with stack.told_of("MigraineServiceDown"):
        service.process.send_signal(signal.SIGKILL)
        service.process.wait()
        assert eventually(lambda: {"MigraineServiceDown", "MigraineReplicaDown"} <= stack.firing())
    with stack.told_that_it_is_over("MigraineServiceDown"):
        service.__post_init__()
        assert eventually(lambda: service.responds("/ready"))
    assert ("firing", "MigraineReplicaDown") not in stack.told.said
