"""`gemtag plan --count`: has the API count the tokens of some pictures, before the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gemtag_tui.cli.output import say
from gemtag_tui.cli.words import count

if TYPE_CHECKING:
    from gemtag_tui.cli.shell import Shell
    from gemtag_tui.core.estimate import Counted
    from gemtag_tui.core.plan_values import Selection
    from gemtag_tui.store.library import Library


def run_count(
    shell: Shell,
    overrides: dict[str, object],
    selection: Selection,
    *,
    size: int,
    seed: int,
    resolution: str,
) -> None:
    """Count, keep what was counted, and say it; the plan that follows is reckoned from it.

    Raises:
        GemtagError: there is no key, nothing remains, or the server does not count.
    """
    from gemtag_tui.cli.library import with_library  # noqa: PLC0415
    from gemtag_tui.engine.counting import count_tokens  # noqa: PLC0415
    from gemtag_tui.engine.profiles import at_resolution  # noqa: PLC0415

    loaded = shell.load(overrides)
    if resolution:
        profile = at_resolution(loaded.settings.profile, resolution)
        loaded = shell.load({**overrides, "profile": profile})

    async def counted(library: Library) -> Counted:
        return await count_tokens(
            library, loaded, shell.config, shell.environ, selection, size=size, seed=seed
        )

    found = with_library(shell, counted)
    say(
        f"Counted over {count(found.images, 'picture')}: {found.prompt.mean:,.0f} of prompt, "
        f"{found.image.mean:,.0f} of the picture. Kept until model, profile or resolution change."
    )
