"""A Gemini stand-in server on loopback, for the demo and the tests.

It stands alone: it speaks only HTTP and uses nothing else of this package. Every response
carries the header ``x-gemtag-simulator``.
"""

from __future__ import annotations

from gemtag_tui.simulator.clock import Clock, SystemClock
from gemtag_tui.simulator.config import (
    Batches,
    ConfigError,
    Latency,
    Limits,
    Poison,
    Rule,
    SimulatorConfig,
    load_config,
    parse_config,
)
from gemtag_tui.simulator.server import Simulator, serve

__all__ = [
    "Batches",
    "Clock",
    "ConfigError",
    "Latency",
    "Limits",
    "Poison",
    "Rule",
    "Simulator",
    "SimulatorConfig",
    "SystemClock",
    "load_config",
    "parse_config",
    "serve",
]
