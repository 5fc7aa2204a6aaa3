"""Every setting, its default and its meaning; files are read and written by the engine's config.

Order of strength: default < config.toml < GEMTAG_* (`GEMTAG_LIMITS__RPM=60` nests) < command line.
A value of 0 for a limit, a budget or `concurrency` means "none set": what then holds is said there.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

DEFAULT_MODEL = "gemini-3.5-flash-lite"
"""No shutdown date announced, made for high-throughput classification (model notes, 2026-11)."""

Count = Annotated[int, Meta(ge=0)]
Money = Annotated[float, Meta(ge=0)]
Seconds = Annotated[float, Meta(ge=0)]


class Tier(StrEnum):
    """The project's usage tier, which no call can find out."""

    FREE = "free"
    TIER1 = "tier1"
    TIER2 = "tier2"
    TIER3 = "tier3"


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the project may use. 0: the tier table's value, or what a 429 has taught."""

    tier: Tier = Tier.TIER1
    """Usage tier of the project: free, tier1, tier2 or tier3 (AI Studio shows it)."""
    rpm: Count = 0
    """Requests per minute."""
    tpm: Count = 0
    """Input tokens per minute."""
    rpd: Count = 0
    """Requests per Pacific day."""
    spend_per_10min: Money = 0.0
    """US dollars per rolling ten minutes."""


class Budget(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Caps on money of our own, in US dollars. 0: no cap."""

    run: Money = 0.0
    """For one run."""
    day: Money = 0.0
    """For a Pacific day."""
    month: Money = 0.0
    """For a calendar month in Pacific time."""


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Wishes that the plan recommends by. 0: no such wish."""

    deadline_hours: Annotated[float, Meta(ge=0, le=24 * 3650)] = 0.0
    """Hours from now in which all is to be done."""
    budget: Money = 0.0
    """US dollars that all of it may cost; a wish, not a cap: see budget.run."""
    prefer: Annotated[str, Meta(pattern=r"^(|cheapest|soonest)$")] = ""
    """What counts beyond that: cheapest or soonest."""
    upload_mbit: Annotated[float, Meta(ge=0, le=1_000_000)] = 0.0
    """Megabits a second that this machine can send, where that may be what limits."""


class Calls(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How single calls behave."""

    timeout: Annotated[float, Meta(ge=1, le=3600)] = 90.0
    """Seconds after which a call is abandoned."""
    tries: Annotated[int, Meta(ge=1, le=20)] = 8
    """An asset's own tries within one run before its failure is recorded."""
    retry_hours: Annotated[float, Meta(ge=0, le=24 * 30)] = 1.0
    """Hours until an asset whose tries are used up is due again; doubles up to 64 times."""
    give_up_minutes: Annotated[float, Meta(ge=1, le=24 * 60)] = 30.0
    """Minutes of outage without a single answer after which a run ends (exit code 3)."""
    daily_warnings: bool = True
    """Warn at 80 % and 95 % of the day's quota."""


class Flex(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The flex lane: half the price, minutes of patience, and calls may be turned away."""

    timeout: Annotated[float, Meta(ge=60, le=3600)] = 960.0
    """Seconds after which a flex call is abandoned; its target is one to fifteen minutes."""
    hand_over_minutes: Annotated[float, Meta(ge=0, le=7 * 24 * 60)] = 0.0
    """Minutes of nothing but refusals after which images go through the interactive lane, at its
    price, until flex has room again; 0: never."""
    give_up_hours: Annotated[float, Meta(ge=0.01, le=7 * 24)] = 24.0
    """Hours of nothing but refusals after which a run ends (exit code 3)."""


class Images(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is accepted, and how it is prepared."""

    max_bytes: Annotated[int, Meta(ge=1024)] = 200 * 1024 * 1024
    """Bytes of a file; larger ones are `too_large`."""
    max_pixels: Annotated[int, Meta(ge=4096)] = 200_000_000
    """Pixels of a picture; larger ones are `too_large`."""
    max_side: Annotated[int, Meta(ge=64)] = 40_000
    """Pixels of one side; longer ones are `too_large`."""
    send_max_bytes: Annotated[int, Meta(ge=10_000, le=20_000_000)] = 7_000_000
    """A file up to this size that Gemini accepts is sent as it is; larger ones are shrunk."""
    shrink_side: Annotated[int, Meta(ge=64, le=8192)] = 1536
    """The longer side, in pixels, of pictures that are re-encoded."""
    workers: Annotated[int, Meta(ge=0, le=64)] = 0
    """Child processes that decode; 0: as many as there are cores, at most 4."""
    decode_seconds: Annotated[float, Meta(ge=1, le=600)] = 20.0
    """Deadline for one picture."""
    follow_links: bool = False
    """Follow symbolic links to files and folders while scanning."""
    near_duplicates: bool = False
    """Find pictures that look the same while scanning; one is paid for, its tags go to all."""
    near_distance: Annotated[int, Meta(ge=0, le=8)] = 4
    """Bits of 64 in which the looks of near-duplicates may differ."""


class Batch(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The batch lane."""

    poll_seconds: Annotated[float, Meta(ge=0.01, le=3600)] = 30.0
    """Shortest time between two looks at a job."""
    max_file_bytes: Annotated[int, Meta(ge=1000, le=2_000_000_000)] = 1_900_000_000
    """Bytes of one JSONL file; the API takes 2 GB."""
    max_requests: Annotated[int, Meta(ge=1, le=200_000)] = 50_000
    """Requests of one job."""
    max_enqueued_tokens: Count = 0
    """Tokens in all active jobs of a model; 0: the tier table's value."""
    max_jobs: Annotated[int, Meta(ge=1, le=100)] = 50
    """Jobs on the server at once; the API takes 100."""
    first_job: Annotated[int, Meta(ge=0, le=1000)] = 20
    """Requests of a small job sent ahead of the first large ones to prove their form; 0: none."""
    echo: bool = True
    """Have every answer repeat its picture's id, so that mixed-up answers are caught."""
    lookup_seconds: Annotated[float, Meta(ge=0, le=3600)] = 60.0
    """Seconds over which a job whose making is in doubt is looked for before it is sent again."""
    stuck_hours: Annotated[float, Meta(ge=0.01, le=48)] = 12.0
    """Hours without progress after which a job counts as stuck."""
    clean_up: bool = True
    """Delete our own finished jobs and their input files on the server."""
    keep_files: bool = False
    """Keep the files of finished jobs beside the library."""


class Screen(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The terminal."""

    tick_seconds: Annotated[float, Meta(ge=0.25, le=60)] = 1.0
    """Seconds between two looks at a running engine."""
    ascii: bool = False
    """Draw with ASCII signs only."""
    mouse: bool = True
    """Let the mouse be used (costs bytes on a slow line)."""
    theme: str = "gemtag"
    """Name of the colour theme."""
    pictures: Annotated[str, Meta(pattern=r"^(auto|blocks|off)$")] = "auto"
    """Thumbnails: as the terminal can, in coloured blocks alone, or none (for slow lines)."""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All settings."""

    model: Annotated[str, Meta(min_length=1, pattern=r"^[A-Za-z0-9._-]+$")] = DEFAULT_MODEL
    """Gemini model."""
    profile: Annotated[str, Meta(min_length=1)] = "default"
    """Name of a profile, or the path of its TOML file."""
    lane: Annotated[str, Meta(pattern=r"^(auto|interactive|flex|batch)$")] = "auto"
    """Lane of a run that names none."""
    concurrency: Annotated[int, Meta(ge=0, le=1000)] = 0
    """Most calls at once; 0: as many as are useful."""
    limits: Limits = Limits()
    budget: Budget = Budget()
    plan: Plan = Plan()
    calls: Calls = Calls()
    flex: Flex = Flex()
    images: Images = Images()
    batch: Batch = Batch()
    screen: Screen = Screen()
