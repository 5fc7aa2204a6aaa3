"""What the simulator can be told: limits, latency, batches and faults."""

from __future__ import annotations

import tomllib
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from gemtag_tui.simulator.catalogue import FAULTS

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Seconds = Annotated[float, msgspec.Meta(ge=0)]
Count = Annotated[int, msgspec.Meta(ge=0)]
Span = tuple[float, float]
"""From and to, both included."""
Method = Literal[
    "generateContent",
    "countTokens",
    "models",
    "upload",
    "files",
    "download",
    "batchGenerateContent",
    "batches",
]
Mode = Literal["sliding", "calendar", "bucket", "all"]
Tier = Literal["free", "tier1", "tier2", "tier3"]
Outcome = Literal["succeed", "fail", "expire", "stuck_pending", "stuck_running"]


class ConfigError(Exception):
    """A faults file that cannot be used, with the words to mend it."""


class Strict(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A section in which a misspelt name is an error."""


class Limits(Strict, frozen=True):
    """Quotas. None is unlimited."""

    tier: Tier = "tier1"
    mode: Mode = "sliding"
    """How a minute is counted; ``all`` refuses when any way of counting would."""
    rpm: Count | None = None
    tpm: Count | None = None
    """Input tokens a minute."""
    rpd: Count | None = None
    """Requests in a day of America/Los_Angeles."""
    spend_per_10min: Seconds | None = None
    """USD in any ten minutes."""
    by_tier: bool = False
    """Take what is None from the tier's table."""
    burst_seconds: Seconds = 5.0
    """How much of the limit a full bucket holds, in seconds of refilling."""
    count_rejected: bool = False
    """Whether a refused call uses up requests too."""
    retry_delay: Literal["whole", "fraction", "zero", "none"] = "whole"
    """How RetryInfo is written."""
    quota_failure: bool = True
    """Whether a 429 names its quota; False leaves the Help link alone."""


class Latency(Strict, frozen=True):
    """How long a call takes, in seconds."""

    mean: Seconds = 0.0
    jitter: Seconds = 0.0
    """Up to so much more or less, evenly."""
    tail_share: Share = 0.0
    tail: Seconds = 0.0
    """This share of calls takes so much longer."""
    flex_factor: Annotated[float, msgspec.Meta(ge=0)] = 1.0
    """Flex calls take so many times as long."""


class Tiers(Strict, frozen=True):
    """How the service tiers go. Spans are seconds since the start."""

    flex_room: Count | None = None
    """Flex calls served at once; more are turned away. None: as many as come."""
    flex_shed: Share = 0.0
    """This share of flex calls is turned away."""
    flex_full: tuple[Span, ...] = ()
    """Times in which every flex call is turned away: ``[[0, 600]]``."""
    flex_status: Literal[503, 429] = 503
    """How a flex call is turned away."""
    flex_downgraded: Share = 0.0
    """This share of flex calls is served, and billed, as standard."""
    told: Literal["both", "header", "usage", "neither"] = "both"
    """Where an answer names the tier that served it."""


class Cache(Strict, frozen=True):
    """Implicit caching: tokens of a prefix that was seen lately are cheaper."""

    min_tokens: Count | None = None
    """The shortest prefix that is cached; None: nothing is."""
    seconds: Seconds = 300.0
    """How long a prefix is kept after it was last seen."""


class Rule(Strict, frozen=True):
    """When a fault strikes. All conditions given must hold; the first rule that fits wins."""

    fault: str
    """A name of ``gemtag_tui.simulator.catalogue.FAULTS``."""
    share: Share = 1.0
    """Of the calls, or of the pictures when ``by`` is image."""
    by: Literal["call", "image"] = "call"
    seed: int = 0
    """Which pictures: another seed picks others."""
    calls: tuple[Span, ...] = ()
    """Numbers of calls of the method, the first being 1: ``[[5, 9]]``."""
    attempts: tuple[Span, ...] = ()
    """Numbers of calls with the same picture: ``[[1, 2]]`` fails twice, then works."""
    window: Span | None = None
    """Seconds since the start: ``[60, 180]``."""
    methods: tuple[Method, ...] = ("generateContent",)
    models: tuple[str, ...] = ()
    sha256: tuple[str, ...] = ()
    """Beginnings of the hex hash of a picture's bytes."""
    marker: str = ""
    """Text found in a picture's bytes."""
    limit: Count | None = None
    """At most so many times."""
    after: bool = False
    """Do the work first (count it, bill it, create the job), then fail to say so."""
    value: str | None = None
    seconds: Seconds | None = None
    size: Count | None = None
    batch: bool = True
    """Also in the lines of batch jobs, when the rule goes by picture."""

    def __post_init__(self) -> None:
        if self.fault not in FAULTS:
            raise ValueError(f"unknown fault {self.fault!r}; known are: {', '.join(FAULTS)}")


class Poison(Strict, frozen=True):
    """Pictures that always fail, picked by their content."""

    share: Share
    fault: str
    seed: int = 1
    value: str | None = None

    def __post_init__(self) -> None:
        Rule(fault=self.fault)

    def rule(self) -> Rule:
        """The same as a rule."""
        return Rule(
            fault=self.fault, share=self.share, by="image", seed=self.seed, value=self.value
        )


class Batches(Strict, frozen=True):
    """How batch jobs go. Shares are of a job's lines."""

    pending_seconds: Seconds = 5.0
    running_seconds: Seconds = 20.0
    expire_seconds: Seconds = 48 * 3600.0
    output_delay_seconds: Seconds = 0.0
    """How long a job is SUCCEEDED before its results can be found."""
    outcomes: tuple[Outcome, ...] = ()
    """Of the first, second, … job; later ones succeed."""
    shuffle: bool = True
    doubled: Share = 0.0
    missing: Share = 0.0
    failing: Share = 0.0
    unparsable: Share = 0.0
    swapped: Share = 0.0
    """Lines whose answer belongs to another line."""
    error_field: Literal["error", "status"] = "error"
    max_jobs: Count = 100
    enqueued_tokens: Count | None = None
    """Of all active jobs of a model; None takes the tier's."""
    on_free_tier: Literal["429", "400"] = "429"
    json_schema_bug: bool = True
    """responseJsonSchema yields JSON of no use in batch (seen 2026-08)."""
    long_id_bug: bool = True
    """files.get and files.delete refuse the 42 characters of a result file's id."""


class SimulatorConfig(Strict, frozen=True):
    """All of it. Read from JSON or TOML by ``load_config``."""

    seed: int = 0
    clock_speed: Annotated[float, msgspec.Meta(gt=0)] = 1.0
    """Simulated seconds in a real one, where no clock is injected."""
    clock_start: datetime | None = None
    """The moment to begin at, with its zone; None is now."""
    pixels: bool = True
    """False answers from the hash of the picture, decoding nothing."""
    max_pixels: Count = 89_478_485
    """Pictures of more are refused; beyond this many Pillow itself warns of bombs."""
    remembered_pictures: Count = 20_000
    max_request_bytes: Count = 100_000_000
    limits: Limits = Limits()
    latency: Latency = Latency()
    tiers: Tiers = Tiers()
    cache: Cache = Cache()
    batches: Batches = Batches()
    faults: tuple[Rule, ...] = ()
    poison: tuple[Poison, ...] = ()
    bad_keys: tuple[str, ...] = ()
    retired: tuple[str, ...] = ()
    """Models that answer 404 though they are listed."""
    rerouted: dict[str, str] = {}
    """Model asked for to model served (and billed)."""

    def rules(self) -> tuple[Rule, ...]:
        """All rules in the order they are tried: poison first."""
        return (*(poison.rule() for poison in self.poison), *self.faults)


def parse_config(values: Any) -> SimulatorConfig:
    """Check plain values.

    Raises:
        ConfigError: Naming the place and what is wrong.
    """
    try:
        return msgspec.convert(values, SimulatorConfig)
    except msgspec.ValidationError as error:
        raise ConfigError(str(error)) from None


def load_config(path: Path) -> SimulatorConfig:
    """Read a JSON or TOML faults file, told apart by its suffix.

    Raises:
        ConfigError: The file cannot be read or does not say what it must.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from None
    try:
        values = tomllib.loads(text) if path.suffix == ".toml" else msgspec.json.decode(text)
    except (tomllib.TOMLDecodeError, msgspec.DecodeError) as error:
        raise ConfigError(f"{path}: {error}") from None
    try:
        return parse_config(values)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None
