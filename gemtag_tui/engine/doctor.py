"""The doctor: looks at everything a run needs, and says what to do where something is amiss."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gemtag_tui.core.errors import GemtagError
from gemtag_tui.core.models import canonical_model
from gemtag_tui.engine import doctor_api, doctor_here, doctor_proof
from gemtag_tui.engine.checks import FAIL, Check
from gemtag_tui.engine.config import Loaded, load_settings
from gemtag_tui.engine.doctor_here import Terminal
from gemtag_tui.engine.own_prices import own_prices

if TYPE_CHECKING:
    from gemtag_tui.core.clock import Clock

__all__ = ["Check", "Patient", "Terminal", "examine_all", "preflight"]


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
    first = preflight(loaded, patient.config, patient.environ, patient.library, now)
    asked = await doctor_api.api_checks(canonical_model(loaded.settings.model), patient.environ)
    at = next(i for i, one in enumerate(first) if one.name == "limits")
    checks = [*first[:at], *asked, *first[at:], config_check]
    checks += doctor_here.library_checks(patient.library)
    checks += [
        doctor_here.engine_check(patient.library),
        doctor_here.log_check(patient.logs),
        doctor_here.terminal_check(patient.terminal),
        doctor_here.sqlite_check(),
        doctor_here.heic_check(),
    ]
    return checks


def preflight(
    loaded: Loaded,
    config: Path,
    environ: Mapping[str, str],
    library: Path,
    now: float,
    *,
    model: str = "",
) -> list[Check]:
    """Return what can be told before a start without asking anybody: quick at any size.

    Args:
        loaded: the settings in force.
        config: the settings file, beside which profiles and prices lie.
        environ: where a key is looked for.
        library: the library file; it need not be there yet.
        now: Unix seconds.
        model: to start with; the settings' own when "".
    """
    name = canonical_model(model or loaded.settings.model)
    checks = [doctor_api.key_check(environ)]
    try:
        own = own_prices(config)
    except GemtagError as error:
        own = ()
        checks.append(Check.fail("price", error.message, doctor_api.PRICE_FIX))
    checks += doctor_api.model_checks(name, now, own)
    checks += doctor_api.limit_checks(loaded, name)
    checks.append(doctor_here.profile_check(loaded, config))
    checks += doctor_proof.proof_checks(loaded, config, library, name)
    return [*checks, doctor_here.disk_check(library)]


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
