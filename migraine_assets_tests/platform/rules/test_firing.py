"""A service with real faults, from the rule to the notification."""

import json
import signal
from itertools import cycle
from pathlib import Path

import dagster as dg
import pytest

from migraine_assets.stores.bundles.bundles import write_bundle
from migraine_assets.stores.bundles.manifest import MODEL_FILE
from migraine_assets.stores.registry.pointer import POINTER, Pointer, Serving, read_pointer, write_pointer
from migraine_assets_tests.platform.rules.stack import BACKLOG_LIMIT, Stack, repeated, serving, shortened, unserved
from migraine_assets_tests.support.service import BODY, Service
from migraine_assets_tests.support.waiting import eventually
from migraine_assets_tests.unit.defs.automation.automation_home import AutomationHome
from migraine_assets_tests.unit.stores.bundles.example_bundles import example_manifest, example_model

pytestmark = pytest.mark.slow


def predict(service: Service) -> int:
    return service.request("POST", "/predict", BODY)[0]


def test_only_periods_are_shortened() -> None:
    rules = 'expr: sum(increase(x[2h])) > 300\nfor: 5m\n    for: 10m\ndescription: "for 5m [is] kept"\n'
    assert shortened(rules) == (
        'expr: sum(increase(x[120s])) > 300\nfor: 5s\n    for: 10s\ndescription: "for 5m [is] kept"\n'
    )


def test_a_service_without_a_model_raises_one_notification_however_many_requests_fail(stack: Stack) -> None:
    position = len(stack.notifications.events)
    service = unserved(stack)
    assert not service.responds("/ready")
    # The first scrapes of the stack may have raised it already.
    stack.await_notification("firing", "MigraineNotReady")
    with repeated(lambda: predict(service)):
        assert eventually(lambda: {"MigraineNotReady", "MigraineErrorRateHigh"} <= stack.firing())
    with stack.notifies_of_end("MigraineNotReady"):
        serving(stack)
        with repeated(lambda: predict(service)):
            assert eventually(lambda: not {"MigraineNotReady", "MigraineErrorRateHigh"} & stack.firing())
    assert predict(service) == 200
    assert ("firing", "MigraineErrorRateHigh") not in stack.notifications.events[position:]


def test_an_altered_bundle_raises_a_notification_while_the_old_one_serves(stack: Stack) -> None:
    service = serving(stack)
    store, before = service.store, read_pointer(service.store)
    model = example_model(weight=0.5)
    bundle = write_bundle(store, example_manifest(model), model)
    store.write(f"bundles/{bundle}/{MODEL_FILE}", b"altered")
    with stack.notifies_of("MigraineReloadFailing"):
        # As after a restore from a bad backup: a promotion would refuse such a bundle.
        write_pointer(store, Pointer(before.version + 1, {"attack": Serving(bundle, None, "2026-03-01", "r")}))
    assert predict(service) == 200
    with stack.notifies_of_end("MigraineReloadFailing"):
        write_pointer(store, Pointer(before.version + 2, before.tasks))


def test_an_invalid_pointer_raises_a_notification(stack: Stack) -> None:
    store = serving(stack).store
    good = store.read(POINTER)
    with stack.notifies_of("MigraineReloadFailing"):
        store.write(POINTER, b'{"format": 2, "tasks"')
    with stack.notifies_of_end("MigraineReloadFailing"):
        store.write(POINTER, good)


def test_a_log_that_cannot_be_written_and_its_lost_records_raise_notifications(stack: Stack) -> None:
    service = serving(stack)
    # The service limits the reports of one prediction.
    answers = [json.loads(service.request("POST", "/predict", BODY)[1]) for _ in range(BACKLOG_LIMIT // 8)]
    feedback = cycle(
        json.dumps({"prediction_id": answer["prediction_id"], "migraine_occurrence": 1}).encode() for answer in answers
    )
    log = Path(service.store.path("log/feedback"))
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text("in the way")
    with stack.notifies_of("MigraineLogWritesFail"):
        assert service.request("POST", "/feedback", next(feedback))[0] == 200
    assert service.metric("migraine_receipt_backlog") == 1
    assert service.metric("migraine_receipts_dropped_total") == 0
    with stack.notifies_of("MigraineReceiptsLost"):
        for _ in range(BACKLOG_LIMIT + 9):
            assert service.request("POST", "/feedback", next(feedback))[0] == 200
    assert service.metric("migraine_receipts_dropped_total") == 10
    with stack.notifies_of_end("MigraineLogWritesFail", "MigraineReceiptsLost"):
        log.unlink()
    assert eventually(lambda: service.metric("migraine_receipt_backlog") == 0)
    [segment] = log.rglob("*.jsonl")
    assert segment.read_bytes().count(b"\n") == BACKLOG_LIMIT


def test_a_failed_run_of_dagster_raises_a_notification_until_one_succeeds(stack: Stack) -> None:
    service = serving(stack)
    with dg.instance_for_test() as instance:
        home = AutomationHome(service.home, instance)
        if "MigraineRunFailed" in stack.firing():  # since another test of the session
            with stack.notifies_of_end("MigraineRunFailed"):
                home.run()
                home.published()
        with stack.notifies_of("MigraineRunFailed"):
            home.run(fails=True)
            home.published()
        [notification, *_] = [
            alert
            for alert in reversed(stack.notifications.alerts)
            if alert["labels"]["alertname"] == "MigraineRunFailed"
        ]
        assert notification["labels"]["dagster_job"] == "nightly"
        assert notification["annotations"]["runbook_url"] == "docs/runbooks.md#migrainerunfailed"
        with stack.notifies_of_end("MigraineRunFailed"):
            home.run()
            home.published()


def test_refused_requests_raise_a_notification(stack: Stack) -> None:
    service = serving(stack)
    with (
        stack.notifies_of("MigraineRequestsRefused"),
        repeated(lambda: service.request("POST", "/predict", b'{"sleep_hours": 99}')),
    ):
        assert eventually(lambda: "MigraineRequestsRefused" in stack.firing())


def test_a_killed_service_and_its_return_raise_notifications(stack: Stack) -> None:
    service, position = serving(stack), len(stack.notifications.events)
    with stack.notifies_of("MigraineServiceDown"):
        service.process.send_signal(signal.SIGKILL)
        service.process.wait()
        assert eventually(lambda: {"MigraineServiceDown", "MigraineReplicaDown"} <= stack.firing())
    with stack.notifies_of_end("MigraineServiceDown"):
        service.__post_init__()
        assert eventually(lambda: service.responds("/ready"))
    assert ("firing", "MigraineReplicaDown") not in stack.notifications.events[position:]
