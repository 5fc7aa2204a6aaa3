"""`gemtag config`: everything that can be set, who set it, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gemtag_tui.cli.output import json_line, line, say
from gemtag_tui.cli.shell import Shell, common
from gemtag_tui.core.errors import UsageError
from gemtag_tui.core.text import plain

if TYPE_CHECKING:
    from gemtag_tui.engine.config import Field, Loaded


@click.group()
@common
def config() -> None:
    """List, read, change and reset settings."""


@config.command("list")
@common
@click.option("--changed", is_flag=True, help="Only those that are not at their default.")
@click.pass_obj
def list_all(shell: Shell, changed: bool) -> None:
    """Name every setting with its value, where that comes from, and its meaning."""
    from gemtag_tui.engine.config import describe  # noqa: PLC0415

    loaded = shell.load()
    fields = [one for one in describe() if not changed or loaded.origin(one.name) != "default"]
    width = max((len(one.name) for one in fields), default=0)
    for one in fields:
        if shell.json:
            json_line(_as_json(one, loaded))
        else:
            line(f"{one.name:<{width}}  {_value(one, loaded):<22}  {loaded.origin(one.name)}")
            line(f"{'':<{width}}    {one.doc} ({one.type})")
    say(f"File: {plain(str(shell.config))}{'' if shell.config.exists() else ' (not there yet)'}")


@config.command()
@common
@click.argument("name")
@click.pass_obj
def get(shell: Shell, name: str) -> None:
    """Print one setting's value."""
    from gemtag_tui.engine.config import describe  # noqa: PLC0415
    from gemtag_tui.engine.config_fields import did_you_mean  # noqa: PLC0415

    loaded = shell.load()
    found = next((one for one in describe() if one.name == name), None)
    if found is None:
        raise UsageError(f"There is no setting {plain(name, 60)!r}. {did_you_mean(name)}")
    if shell.json:
        json_line(_as_json(found, loaded))
    else:
        line(_value(found, loaded))


@config.command("set")
@common
@click.argument("name")
@click.argument("value")
@click.pass_obj
def set_one(shell: Shell, name: str, value: str) -> None:
    """Write a setting into the settings file."""
    from gemtag_tui.engine.config_write import set_value  # noqa: PLC0415

    written = set_value(shell.config, name, value)
    say(f"{name} = {_text(written)}, in {plain(str(shell.config))}")
    _say_if_overruled(shell, name)


@config.command()
@common
@click.argument("names", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every setting.")
@click.pass_obj
def reset(shell: Shell, names: tuple[str, ...], everything: bool) -> None:
    """Take settings (or a table of them, like `limits`) back to their defaults."""
    from gemtag_tui.engine.config_write import reset_all, reset_value  # noqa: PLC0415

    if everything == bool(names):
        raise UsageError("Name the settings to reset, or say --all.")
    if everything:
        say(f"{reset_all(shell.config)} settings are back at their defaults.")
    for name in names:
        was_set = reset_value(shell.config, name)
        say(f"{name} is {'back at' if was_set else 'already at'} its default.")
        _say_if_overruled(shell, name)


def _say_if_overruled(shell: Shell, name: str) -> None:
    from gemtag_tui.engine.config import environment_name  # noqa: PLC0415

    if shell.environ.get(environment_name(name), "").strip():
        say(f"But {environment_name(name)} is set in the environment, and that is stronger.")


def _as_json(one: Field, loaded: Loaded) -> dict[str, object]:
    from gemtag_tui.engine.config import get_value  # noqa: PLC0415

    return {
        "name": one.name,
        "value": get_value(loaded.settings, one.name),
        "origin": loaded.origin(one.name),
        "default": one.default,
        "type": one.type,
        "choices": list(one.choices),
        "doc": one.doc,
    }


def _value(one: Field, loaded: Loaded) -> str:
    from gemtag_tui.engine.config import get_value  # noqa: PLC0415

    return plain(_text(get_value(loaded.settings, one.name)))


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)
