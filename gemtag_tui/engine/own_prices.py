"""Reading the user's own prices, which lie beside the settings file."""

from __future__ import annotations

from pathlib import Path

from gemtag_tui.core.price_own import PRICES_FILE, OwnPrice, parse_prices
from gemtag_tui.engine.config import read_text


def own_prices(config: Path | None) -> tuple[OwnPrice, ...]:
    """Return the rows of `prices.toml` beside a settings file; none when there is no such file.

    Raises:
        SettingsError: it cannot be read or used.
    """
    if config is None:
        return ()
    place = config.parent / PRICES_FILE
    text = read_text(place)
    return parse_prices(text, str(place)) if text else ()
