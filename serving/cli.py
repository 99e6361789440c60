"""The service's commands: serve, replay, keys, rollout.

Options and output only. Not here: what the commands do (the other modules of `serving`).
"""

import datetime as dt
import getpass
from typing import Annotated, Any, Literal

import typer

from migraine_assets.cli.console import say, show
from migraine_assets.core.tasks import Task
from migraine_assets.errors import StoreError
from migraine_assets.settings import Settings
from migraine_assets.stores.store import Store

app = typer.Typer(help="The HTTP service.", no_args_is_help=True)
keys = typer.Typer(help="Manage API keys of the service.", no_args_is_help=True)
rollout = typer.Typer(help="Test a second model beside the champion.", no_args_is_help=True)
app.add_typer(keys, name="keys")
app.add_typer(rollout, name="rollout")

TaskArgument = Annotated[Task, typer.Argument(help="What the model predicts.")]
Mode = Annotated[Literal["shadow", "canary", "ab"], typer.Argument(help="How the second model is tested.")]


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on. Default: SERVING_HOST or 127.0.0.1.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on. Default: SERVING_PORT or 8000.")] = None,
    plain: Annotated[bool, typer.Option("--plain", help="Run one process without Ray, for development.")] = False,
    haproxy: Annotated[
        bool | None, typer.Option("--haproxy/--ray-proxy", help="Use HAProxy (default) or Ray's proxy.")
    ] = None,
) -> None:
    """Serve the promoted models over HTTP until Ctrl-C."""
    from serving import local_server
    from serving.settings import ServingSettings

    options: dict[str, Any] = {"host": host, "port": port, "haproxy": haproxy}
    settings = ServingSettings(**{name: value for name, value in options.items() if value is not None})
    (local_server.run_plain if plain else local_server.run)(settings, say=say)


@app.command()
def replay(prediction_id: Annotated[str, typer.Argument(help="The prediction_id in a response.")]) -> None:
    """Recompute a logged prediction offline, from the same bundle and features."""
    from serving.log.replay import record_of
    from serving.log.replay import replay as repeat

    store = _store()
    record = record_of(store, prediction_id)
    results = repeat(store, record)
    when = dt.datetime.fromtimestamp(record.time, dt.UTC).isoformat(timespec="seconds")
    say(f"Prediction {record.id} of {when}, for {record.for_date or 'no date'}, arm {record.arm}")
    rows = [
        (r.task, r.role, r.bundle[:12], repr(r.logged), "" if r.repeated is None else repr(r.repeated))
        + (r.problem or ("same" if r.same else "DIFFERENT"),)
        for r in results
    ]
    show("Recomputed", ("task", "role", "bundle", "logged", "now", "result"), rows)
    if not results:
        say("The service abstained, so there is no prediction to recompute.")
    if different := [r for r in results if not r.same]:
        raise StoreError(f"{len(different)} of {len(results)} predictions could not be reproduced: see the table.")


@keys.command("create")
def keys_create(name: Annotated[str, typer.Argument(help="Owner of the key.")]) -> None:
    """Create an API key. It is shown only once."""
    from serving.access import api_keys

    key, record = api_keys.create(_store(), name, now=_now())
    say(key)
    say(f"The key is shown only once. Its id is {record.id}. Send it as `Authorization: Bearer KEY`.")


@keys.command("list")
def keys_list() -> None:
    """List all API keys by id, without the keys themselves."""
    from serving.access import api_keys

    rows = [(record.id, record.name, record.created, record.revoked or "") for record in api_keys.records(_store())]
    if not rows:
        say("There are no API keys. Create one: `migraine keys create NAME`.")
        return
    show("API keys", ("id", "name", "created", "revoked"), rows)


@keys.command("revoke")
def keys_revoke(identity: Annotated[str, typer.Argument(help="Id of the key.")]) -> None:
    """Revoke an API key. All replicas refuse it within seconds."""
    from serving.access import api_keys

    record = api_keys.revoke(_store(), identity, now=_now())
    say(f"The key {record.id} of {record.name} was revoked at {record.revoked}.")


@rollout.command("start")
def rollout_start(
    task: TaskArgument,
    mode: Mode,
    percent: Annotated[float, typer.Option(help="Share of participants, 0 to 100.")] = 100.0,
    bundle: Annotated[str | None, typer.Option(help="Hash of the bundle. Default: the challenger.")] = None,
    why: Annotated[str, typer.Option("--why", help="Reason, kept in the record.")] = "by hand",
) -> None:
    """Start a second model: hidden (shadow), or for a share of the participants (canary, ab)."""
    from migraine_assets.stores.registry.rollouts import start_rollout

    candidate = start_rollout(
        _store(), task, mode=mode, percent=percent, bundle=bundle, who=getpass.getuser(), when=_now(), why=why
    )
    say(
        f"{task}: {candidate.bundle[:12]} is rolled out ({candidate.mode}, {candidate.percent:g} %) "
        f"beside {candidate.against[:12]}."
    )


@rollout.command("stop")
def rollout_stop(task: TaskArgument) -> None:
    """End the rollout of a task. The champion answers every request again."""
    from migraine_assets.stores.registry.rollouts import end_rollout

    candidate = end_rollout(_store(), task)
    say(f"{task}: the rollout of {candidate.bundle[:12]} has ended.")


@rollout.command("show")
def rollout_show() -> None:
    """Show the current rollouts."""
    from migraine_assets.stores.registry.pointer import read_pointer

    rollouts = read_pointer(_store()).rollouts
    if not rollouts:
        say("There is no rollout. Start one: `migraine rollout start TASK shadow|canary|ab`.")
        return
    rows = [
        (task, t.mode, f"{t.percent:g}", t.bundle[:12], t.against[:12], t.since, t.who, t.why)
        for task, t in sorted(rollouts.items())
    ]
    show("Rollouts", ("task", "mode", "%", "bundle", "champion", "since", "who", "why"), rows, right=("%",))


def _store() -> Store:
    return Store(Settings().store_location)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
