"""The service's part of the `migraine` command: serve, replay, keys, rollout.

Here belong options and what is printed. Not here: what the commands do (the other modules of `serving`).
"""

import datetime as dt
import getpass
from typing import Annotated, Any, Literal

import typer

from migraine_assets.cli.console import say, show
from migraine_assets.errors import ConfigurationError, StoreError
from migraine_assets.settings import Settings
from migraine_assets.stores.store import Store

app = typer.Typer(help="The HTTP service.", no_args_is_help=True)
keys = typer.Typer(help="API keys of the service.", no_args_is_help=True)
rollout = typer.Typer(help="A second model on trial beside the champion.", no_args_is_help=True)
app.add_typer(keys, name="keys")
app.add_typer(rollout, name="rollout")

Task = Annotated[str, typer.Argument(help="attack or severity")]


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on (SERVING_HOST, else 127.0.0.1).")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on (SERVING_PORT, else 8000).")] = None,
    plain: Annotated[bool, typer.Option("--plain", help="One process without Ray, for development.")] = False,
    haproxy: Annotated[
        bool | None, typer.Option("--haproxy/--ray-proxy", help="HAProxy (default) or Ray's own proxy in front.")
    ] = None,
) -> None:
    """Serve the promoted models over HTTP until Ctrl-C."""
    from serving.cluster import local_server

    given = {"host": host, "port": port, "haproxy": haproxy}
    settings = _settings({name: value for name, value in given.items() if value is not None})
    (local_server.run_plain if plain else local_server.run)(settings, say=say)


@app.command()
def replay(prediction_id: Annotated[str, typer.Argument(help="The prediction_id of an answer.")]) -> None:
    """Repeat a logged prediction offline: the same bundle, the same features, the same number."""
    from serving.log.replay import receipt_of
    from serving.log.replay import replay as repeat

    store = _store()
    receipt = receipt_of(store, prediction_id)
    results = repeat(store, receipt)
    when = dt.datetime.fromtimestamp(receipt.time, dt.UTC).isoformat(timespec="seconds")
    say(f"Prediction {receipt.id} of {when}, for {receipt.for_date or 'no date'}, arm {receipt.arm}")
    rows = [
        (r.task, r.role, r.bundle[:12], repr(r.logged), "" if r.repeated is None else repr(r.repeated))
        + (r.problem or ("the same" if r.same else "DIFFERENT"),)
        for r in results
    ]
    show("Repeated", ("task", "role", "bundle", "logged", "now", "result"), rows)
    if not results:
        say("The service abstained: there is no number to repeat.")
    if different := [r for r in results if not r.same]:
        raise StoreError(f"{len(different)} of {len(results)} numbers could not be repeated: see the table.")


@keys.command("create")
def keys_create(name: Annotated[str, typer.Argument(help="Whose key it is.")]) -> None:
    """Make a key. It is shown once."""
    from serving.access import api_keys as ring

    key, record = ring.create(_store(), name, now=_now())
    say(key)
    say(f"This is the only time it is shown. Its id is {record.id}. Send it as `Authorization: Bearer KEY`.")


@keys.command("list")
def keys_list() -> None:
    """Every key that was ever made; never the keys themselves."""
    from serving.access import api_keys as ring

    rows = [(record.id, record.name, record.created, record.revoked or "") for record in ring.records(_store())]
    if not rows:
        say("No API key was made yet: `migraine keys create NAME`.")
        return
    show("API keys", ("id", "name", "created", "revoked"), rows)


@keys.command("revoke")
def keys_revoke(identity: Annotated[str, typer.Argument(help="The id of the key.")]) -> None:
    """Let a key no longer open anything; replicas know within seconds."""
    from serving.access import api_keys as ring

    record = ring.revoke(_store(), identity, now=_now())
    say(f"The key {record.id} of {record.name} is revoked since {record.revoked}.")


@rollout.command("start")
def rollout_start(
    task: Task,
    mode: Annotated[str, typer.Argument(help="shadow, canary or ab")],
    percent: Annotated[float, typer.Option(help="Of the people, 0 to 100.")] = 100.0,
    bundle: Annotated[str | None, typer.Option(help="The hash of a bundle; by default the challenger.")] = None,
    why: Annotated[str, typer.Option("--why", help="Why, for the record.")] = "by hand",
) -> None:
    """Put a second model on trial: asked silently (shadow), or answering a part of the people (canary, ab)."""
    from migraine_assets.stores.registry.rollouts import start_rollout

    trial = start_rollout(
        _store(), task, mode=_mode(mode), percent=percent, bundle=bundle, who=getpass.getuser(), when=_now(), why=why
    )
    say(f"{task}: {trial.bundle[:12]} is on trial ({trial.mode}, {trial.percent:g} %) beside {trial.against[:12]}.")


@rollout.command("stop")
def rollout_stop(task: Task) -> None:
    """End the trial of a task; the champion answers everybody."""
    from migraine_assets.stores.registry.rollouts import end_rollout

    trial = end_rollout(_store(), task)
    say(f"{task}: the trial of {trial.bundle[:12]} has ended.")


@rollout.command("show")
def rollout_show() -> None:
    """The trials that are going on."""
    from migraine_assets.stores.registry.pointer import read_pointer

    trials = read_pointer(_store()).rollouts
    if not trials:
        say("No trial is going on: `migraine rollout start TASK shadow|canary|ab`.")
        return
    rows = [
        (task, t.mode, f"{t.percent:g}", t.bundle[:12], t.against[:12], t.since, t.who, t.why)
        for task, t in sorted(trials.items())
    ]
    show("Trials", ("task", "mode", "%", "bundle", "champion", "since", "who", "why"), rows, right=("%",))


def _settings(given: dict[str, Any]) -> Any:
    from pydantic import ValidationError

    from serving.settings import ServingSettings

    try:
        return ServingSettings(**given)
    except ValidationError as error:
        lines = [f"SERVING_{str(e['loc'][0]).upper()}: {e['msg']} (it is {e['input']!r})" for e in error.errors()]
        raise ConfigurationError("The service cannot start with these settings:\n" + "\n".join(lines)) from error


def _mode(text: str) -> Literal["shadow", "canary", "ab"]:
    match text:
        case "shadow" | "canary" | "ab":
            return text
    raise ConfigurationError(f"'{text}' is not a mode; choose one of shadow, canary, ab.")


def _store() -> Store:
    return Store(Settings().store_location)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
