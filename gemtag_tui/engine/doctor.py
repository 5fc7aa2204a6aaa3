"""The doctor: looks at everything a run needs, and says what to do where something is amiss."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gemtag_tui.core.errors import GemtagError
from gemtag_tui.engine import doctor_api, doctor_here
from gemtag_tui.engine.checks import FAIL, Check
from gemtag_tui.engine.config import Loaded, load_settings
from gemtag_tui.engine.doctor_here import Terminal

if TYPE_CHECKING:
    from gemtag_tui.core.clock import Clock

__all__ = ["Check", "Patient", "Terminal", "examine_all"]


@dataclass(frozen=True, slots=True)
class Patient:
    """What is to be examined.

    Attributes:
        config_named: a person named the settings file, so that they expect it to be there.
        logs: the folder of the logs.
    """

    library: Path
    config: Path
    config_named: bool
    environ: Mapping[str, str]
    terminal: Terminal
    logs: Path
    clock: Clock


async def examine_all(patient: Patient) -> list[Check]:
    """Return all checks in the order of reading: what a run needs first comes first.

    Asks the API for the model's description when there is a key; that costs nothing.
    """
    loaded, config_check = _settings(patient)
    now = patient.clock.now()
    checks = [doctor_api.key_check(patient.environ)]
    checks += await doctor_api.model_checks(loaded, patient.environ, now)
    checks += doctor_api.limit_checks(loaded)
    checks += [config_check, doctor_here.profile_check(loaded, patient.config)]
    checks += doctor_here.library_checks(patient.library)
    checks += [
        doctor_here.engine_check(patient.library),
        doctor_here.disk_check(patient.library),
        doctor_here.log_check(patient.logs),
        doctor_here.terminal_check(patient.terminal),
        doctor_here.sqlite_check(),
        doctor_here.heic_check(),
    ]
    return checks


def is_ok(checks: list[Check]) -> bool:
    """Return whether nothing failed."""
    return all(check.status != FAIL for check in checks)


def _settings(patient: Patient) -> tuple[Loaded, Check]:
    """Return the settings, or the defaults beside the reason why they cannot be read."""
    try:
        loaded = load_settings(patient.config, patient.environ)
    except GemtagError as error:
        return Loaded(path=patient.config), Check.fail(
            "settings", error.message, "Correct it; the checks here used the defaults."
        )
    return loaded, doctor_here.settings_check(loaded, patient.config, named=patient.config_named)
