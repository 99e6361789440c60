"""`migraine params`: every parameter with its value, default, unit and meaning.

Not here: the parameters (`migraine_assets.params` and the settings classes that it names), reading the file.
"""

import json
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import msgspec
import typer

from migraine_assets.cli.console import AsJson, print_json, say, say_path, show
from migraine_assets.cli.documents.operation import ParameterLine, ParamsDocument
from migraine_assets.errors import ConfigurationError
from migraine_assets.settings import Settings

if TYPE_CHECKING:
    from migraine_assets.params import Params

# Longer values are printed below their parameter.
LONGEST_VALUE = 20


def params(
    section: Annotated[
        str | None, typer.Argument(help="Only the parameters under this name, for example monitoring.drift.")
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """List every parameter with its value, default, unit and meaning."""
    from migraine_assets.params import Params, default_path, load_params

    settings = Settings()
    current = load_params(settings.params)
    lines = [*_lines(current, Params(), prefix=""), *_hyperparameters(current)]
    chosen = [line for line in lines if _under(line.parameter, section)]
    if not chosen:
        names = ", ".join(dict.fromkeys(line.parameter.partition(".")[0] for line in lines))
        raise ConfigurationError(f"There is no parameter '{section}'. The sections are {names}.")
    path = Path(settings.params or default_path()).absolute()
    if as_json:
        print_json(ParamsDocument(file=str(path), parameters=chosen))
        return
    for name in dict.fromkeys(_section(line) for line in chosen):
        show(
            name,
            ("parameter", "value", "default", "unit", "meaning"),
            [_row(line) for line in chosen if _section(line) == name],
            below=("meaning",),
        )
        say("")
    say_path("Parameter file  ", path)


def _under(parameter: str, section: str | None) -> bool:
    return section is None or parameter == section or parameter.startswith(f"{section.rstrip('.')}.")


def _lines(current: Any, default: Any, *, prefix: str) -> Iterator[ParameterLine]:
    """Yield the parameters of a settings class and of those inside it."""
    from annotated_types import DocInfo, Unit

    hints = get_type_hints(type(current), include_extras=True)
    for field in fields(current):
        value, default_value = getattr(current, field.name), getattr(default, field.name)
        path = f"{prefix}{field.name}"
        if is_dataclass(value):
            yield from _lines(value, default_value, prefix=f"{path}.")
        elif path != "models":
            notes = getattr(hints[field.name], "__metadata__", ())
            yield ParameterLine(
                parameter=path,
                value=_plain(value),
                default=_plain(default_value),
                unit=next((str(note.unit) for note in notes if isinstance(note, Unit)), ""),
                meaning=next((note.documentation for note in notes if isinstance(note, DocInfo)), ""),
            )


def _hyperparameters(current: "Params") -> Iterator[ParameterLine]:
    """Yield the hyperparameters of every model."""
    from migraine_assets.core.models.catalogue import TABLE

    for model in TABLE:
        values = model.params(current.hyperparameters(model.task, model.key))
        for name, default in model.params().items():
            yield ParameterLine(
                parameter=f"models.{model.task}.{model.key}.{name}",
                value=_plain(values[name]),
                default=_plain(default),
                unit="",
                meaning=f"`{name}` of {model.runs_as}.",
            )


def _plain(value: Any) -> Any:
    """Return `value` in plain JSON types."""
    return msgspec.to_builtins(dict(value) if hasattr(value, "items") else value)


def _section(line: ParameterLine) -> str:
    return line.parameter.rpartition(".")[0]


def _row(line: ParameterLine) -> tuple[str, ...]:
    value, default = _text(line.value), _text(line.default)
    name = line.parameter.rpartition(".")[2]
    if max(len(value), len(default)) <= LONGEST_VALUE:
        return name, value, default, line.unit, line.meaning
    changed = "" if value == default else f" By default {default}."
    return name, "below", "", line.unit, f"{line.meaning} Value: {value}.{changed}"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
