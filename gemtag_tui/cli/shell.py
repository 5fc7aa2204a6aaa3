"""What every command is given: where the library and the settings are, and how to answer."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from gemtag_tui.cli.output import say
from gemtag_tui.core.text import plain
from gemtag_tui.engine.paths import config_path, library_path, log_folder

if TYPE_CHECKING:
    from gemtag_tui.engine.config import Loaded
    from gemtag_tui.gemini.key import Secret

F = TypeVar("F", bound=Callable[..., object])


@dataclass(slots=True)
class Shell:
    """The options that all commands take, before or after the command's name."""

    library_option: Path | None = None
    config_option: Path | None = None
    json: bool = False
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)

    @property
    def library(self) -> Path:
        """The library file."""
        return library_path(self.library_option, self.environ)

    @property
    def config(self) -> Path:
        """The settings file, whether it is there or not."""
        return config_path(self.config_option, self.environ)

    @property
    def config_named(self) -> bool:
        """Whether a person named the settings file."""
        return bool(self.config_option or self.environ.get("GEMTAG_CONFIG"))

    @property
    def logs(self) -> Path:
        """The folder of the logs."""
        return log_folder(self.library)

    def load(self, overrides: Mapping[str, object] | None = None) -> Loaded:
        """Return all settings, with those of this command line on top.

        Raises:
            SettingsError: a file or a value cannot be used.
        """
        from gemtag_tui.engine.config import load_settings  # noqa: PLC0415

        if self.config_option and not self.config.exists():
            shown = plain(str(self.config))
            say(f"Note: there is no settings file {shown} yet; the defaults hold.")
        return load_settings(self.config, self.environ, overrides or {})

    def secrets(self) -> list[Secret]:
        """Return what must never be shown or logged."""
        from gemtag_tui.gemini.key import NAMES, Secret  # noqa: PLC0415

        return [Secret(self.environ[name].strip()) for name in NAMES if self.environ.get(name)]

    def start_logging(self, role: str = "shell") -> Path | None:
        """Send what is logged to a file beside the library; `None` when it cannot be written."""
        from gemtag_tui.engine.logs import start_logging  # noqa: PLC0415

        return start_logging(self.logs, role, self.secrets())


def _keep(ctx: click.Context, param: click.Parameter, value: object) -> None:
    if value and ctx.obj is not None:
        setattr(ctx.obj, str(param.name), value)


def common(command: F) -> F:
    """Give a command `--library`, `--config` and `--json`; they end up in its `Shell`."""
    path = click.Path(path_type=Path, dir_okay=False)
    for option in (
        click.option(
            "--json", is_flag=True, expose_value=False, callback=_keep, help="Answer in JSON."
        ),
        click.option(
            "--config",
            "config_option",
            type=path,
            expose_value=False,
            callback=_keep,
            help="Settings file (GEMTAG_CONFIG).",
        ),
        click.option(
            "--library",
            "library_option",
            type=path,
            expose_value=False,
            callback=_keep,
            help="Library file (GEMTAG_LIBRARY).",
        ),
    ):
        command = option(command)
    return command
