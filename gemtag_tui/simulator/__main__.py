"""``python -m gemtag_tui.simulator``: the simulator alone."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from gemtag_tui.simulator.catalogue import FAULTS
from gemtag_tui.simulator.config import ConfigError
from gemtag_tui.simulator.server import serve


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line and serve until interrupted; 2 for a file or port of no use."""
    parser = argparse.ArgumentParser("gemtag_tui.simulator", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 chooses a free one")
    parser.add_argument("--faults", type=Path, help="a JSON or TOML file")
    parser.add_argument("--list-faults", action="store_true", help="name every fault and end")
    options = parser.parse_args(arguments)
    if options.list_faults:
        sys.stdout.writelines(f"{name:20} {words}\n" for name, words in FAULTS.items())
        return 0
    try:
        serve(options.port, options.faults, _announce)
    except (ConfigError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def _announce(address: str) -> None:
    sys.stdout.write(f"{address}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
