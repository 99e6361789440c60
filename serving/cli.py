"""The service's commands: serve, replay, keys, rollout, edge.

Options and output only. Not here: what the commands do (the other modules of `serving`).
"""

import datetime as dt
import getpass
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from migraine_assets.cli.console import AsJson, local_time, print_json, say, show
from migraine_assets.cli.documents.service import (
    KeyLine,
    KeysDocument,
    RepeatedLine,
    ReplayDocument,
    RolloutLine,
    RolloutsDocument,
)
from migraine_assets.cli.home import writable_store
from migraine_assets.core.tasks import Task
from migraine_assets.errors import StoreError
from migraine_assets.settings import Settings
from migraine_assets.stores.store import Store

app = typer.Typer(help="The HTTP service.", no_args_is_help=True)
keys = typer.Typer(help="Manage API keys of the service.", no_args_is_help=True)
rollout = typer.Typer(help="Test a second model beside the champion.", no_args_is_help=True)
app.add_typer(keys, name="keys")
app.add_typer(rollout, name="rollout")
edge = typer.Typer(help="Build the page that needs no service.", no_args_is_help=True)
app.add_typer(edge, name="edge")

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

    writable_store()  # the prediction log is a part of it
    options: dict[str, Any] = {"host": host, "port": port, "haproxy": haproxy}
    settings = ServingSettings(**{name: value for name, value in options.items() if value is not None})
    (local_server.run_plain if plain else local_server.run)(settings, say=say)


@app.command()
def replay(
    prediction_id: Annotated[str, typer.Argument(help="The prediction_id in a response.")], *, as_json: AsJson = False
) -> None:
    """Recompute a logged prediction offline, from the same bundle and features."""
    from serving.log.replay import record_of
    from serving.log.replay import replay as repeat

    store = _store()
    record = record_of(store, prediction_id)
    results = repeat(store, record)
    document = ReplayDocument(
        prediction_id=record.id,
        time=dt.datetime.fromtimestamp(record.time, dt.UTC).isoformat(timespec="seconds"),
        for_date=record.for_date or None,
        arm=record.arm,
        predictions=[
            RepeatedLine(
                task=r.task,
                role=r.role,
                bundle=r.bundle,
                logged=r.logged,
                now=r.repeated,
                result=r.problem or ("same" if r.same else "DIFFERENT"),
            )
            for r in results
        ],
    )
    print_json(document) if as_json else _show_replay(document)
    if different := [r for r in results if not r.same]:
        raise StoreError(f"{len(different)} of {len(results)} predictions could not be reproduced: see the table.")


def _show_replay(document: ReplayDocument) -> None:
    when, day = local_time(document.time), document.for_date or "no date"
    say(f"Prediction {document.prediction_id} of {when}, for {day}, arm {document.arm}")
    rows = [
        (line.task, line.role, repr(line.logged), "" if line.now is None else repr(line.now), line.result, line.bundle)
        for line in document.predictions
    ]
    columns = ("task", "role", "logged", "now", "result", "bundle")
    show("Recomputed", columns, rows, right=("logged", "now"), below=("result", "bundle"))
    if not rows:
        say("The service abstained, so there is no prediction to recompute.")


@keys.command("create")
def keys_create(name: Annotated[str, typer.Argument(help="Owner of the key.")]) -> None:
    """Create an API key. It is shown only once."""
    from serving.access import api_keys
    from serving.settings import ServingSettings

    store, required = writable_store(), ServingSettings().api_keys_required
    same = [other for other in api_keys.records(store) if other.name == name]
    key, record = api_keys.create(store, name, now=_now())
    say(key)
    say(f"The key is shown only once. Its id is {record.id}. Send it as `Authorization: Bearer KEY`.")
    if same:
        say(f"It reaches the diaries that {len(same)} other key(s) named '{name}' kept: a name owns its diaries.")
    if not required:
        say("A service with the settings of this shell ignores keys, and all share its kept data. Start it with")
        say("SERVING_API_KEYS_REQUIRED=true to require keys and to keep their owners apart.")


@keys.command("list")
def keys_list(*, as_json: AsJson = False) -> None:
    """List all API keys by id, without the keys themselves."""
    from serving.access import api_keys

    lines = [
        KeyLine(id=record.id, name=record.name, created=record.created, revoked=record.revoked)
        for record in api_keys.records(_store())
    ]
    if as_json:
        print_json(KeysDocument(keys=lines))
    elif not lines:
        say("There are no API keys. Create one: `migraine keys create NAME`.")
    else:
        rows = [(line.id, local_time(line.created), local_time(line.revoked) if line.revoked else "", line.name)
                for line in lines]  # fmt: skip
        show("API keys", ("id", "created", "revoked", "name"), rows, text=("name",))


@keys.command("revoke")
def keys_revoke(identity: Annotated[str, typer.Argument(help="Id of the key.")]) -> None:
    """Revoke an API key. All replicas refuse it within seconds."""
    from serving.access import api_keys

    record = api_keys.revoke(writable_store(), identity, now=_now())
    say(f"The key {record.id} of {record.name} was revoked at {record.revoked}.")


@rollout.command("start")
def rollout_start(
    task: TaskArgument,
    mode: Mode,
    percent: Annotated[float, typer.Option(help="Share of participants, 0 to 100.")] = 100.0,
    bundle: Annotated[str | None, typer.Option(help="Hash or its beginning. Default: the challenger.")] = None,
    why: Annotated[str, typer.Option("--why", help="Reason, kept in the record.")] = "by hand",
) -> None:
    """Start a second model: hidden (shadow), or for a share of the participants (canary, ab)."""
    from migraine_assets.stores.bundles.bundles import find_bundle
    from migraine_assets.stores.registry.rollouts import start_rollout

    store = writable_store()
    chosen = find_bundle(store, task, bundle) if bundle else None
    candidate = start_rollout(
        store, task, mode=mode, percent=percent, bundle=chosen, who=getpass.getuser(), when=_now(), why=why
    )
    say(
        f"{task}: {candidate.bundle[:12]} is rolled out ({candidate.mode}, {candidate.percent:g} %) "
        f"beside {candidate.against[:12]}."
    )


@rollout.command("stop")
def rollout_stop(task: TaskArgument) -> None:
    """End the rollout of a task. The champion answers every request again."""
    from migraine_assets.stores.registry.rollouts import end_rollout

    candidate = end_rollout(writable_store(), task)
    say(f"{task}: the rollout of {candidate.bundle[:12]} has ended.")


@rollout.command("show")
def rollout_show(*, as_json: AsJson = False) -> None:
    """Show the current rollouts."""
    from migraine_assets.stores.registry.pointer import read_pointer

    lines = [
        RolloutLine(
            task=task,
            mode=one.mode,
            percent=one.percent,
            bundle=one.bundle,
            champion=one.against,
            since=one.since,
            who=one.who,
            why=one.why,
        )
        for task, one in sorted(read_pointer(_store()).rollouts.items())
    ]
    if as_json:
        print_json(RolloutsDocument(rollouts=lines))
    elif not lines:
        say("There is no rollout. Start one: `migraine rollout start TASK shadow|canary|ab`.")
    else:
        rows = [
            (line.task, line.mode, f"{line.percent:g}", local_time(line.since), line.who)
            + (line.bundle, line.champion, line.why)
            for line in lines
        ]
        columns = ("task", "mode", "%", "since", "who", "bundle", "champion", "why")
        show("Rollouts", columns, rows, right=("%",), below=("bundle", "champion", "why"))


@edge.command("build")
def edge_build(
    to: Annotated[Path, typer.Argument(help="Folder to write. An earlier build in it is replaced.")],
    runtime: Annotated[
        Path | None, typer.Option(help="The npm package onnxruntime-web as a .tgz file. Default: npm downloads it.")
    ] = None,
) -> None:
    """Write the page with the promoted models as files: forecasts in the browser, without a service."""
    from serving.edge.folder import build_folder
    from serving.settings import ServingSettings

    built = build_folder(_store(), to, least_history_days=ServingSettings().least_history_days, runtime=runtime)
    for task, bundle in built.bundles.items():
        say(f"{task}: {bundle[:12]}")
    if built.simulated:
        say("The models were trained on simulated diaries. The page says so.")
    say(f"{built.files} files, {built.size / 1e6:.1f} MB, in {built.path}. Try it:")
    say(f"python -m http.server --bind 127.0.0.1 --directory {built.path}")


def _store() -> Store:
    return Store(Settings().store_location)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
