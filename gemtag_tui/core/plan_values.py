"""What a plan is reckoned from, what can be changed about it, and what it says. Pure values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gemtag_tui.core.estimate import Cost, Counted, Duration, Measured, PerImage
from gemtag_tui.core.models import ModelRules
from gemtag_tui.core.plan_shape import Shape
from gemtag_tui.core.price_own import Overrides
from gemtag_tui.core.settings import Settings
from gemtag_tui.core.snapshot import Counts
from gemtag_tui.core.text import plain

RESOLUTIONS = ("default", "low", "medium", "high")


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person wants of the plan.

    Attributes:
        deadline: seconds from now in which all is to be done, 0 for none.
        budget: US dollars that it may cost, 0 for none.
        prefer: "cheapest", "soonest" or "" for none of both.
    """

    deadline: float = 0.0
    budget: float = 0.0
    prefer: str = ""


@dataclass(frozen=True, slots=True)
class Options:
    """What can be changed about a plan without asking the library again; "" or 0 leaves it.

    Attributes:
        lane: "auto" lets the plan choose.
        first: plan for the first so many of what remains.
        sample: plan for a random sample of so many.
    """

    model: str = ""
    resolution: str = ""
    lane: str = "auto"
    first: int = 0
    sample: int = 0


@dataclass(frozen=True, slots=True)
class Figure:
    """One limit and where it comes from: default, yours, command line or learned."""

    value: float = 0.0
    source: str = "default"


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What is known of one model here.

    Attributes:
        prompt, output, thinking: tokens by rule; `thinking` is a part of `output`.
        limits: rpm, tpm, rpd and spend.
        counts: by media resolution, where this model and profile have a track.
        measured: by media resolution, where there are results; `counted`: where the API counted.
        bad: known bad images by kind, by media resolution, those bad for every model left out.
        used_today: calls of this Pacific day.
        tries: calls made for one image so far, at least 1.
        batch_hours: that its batch jobs took; `batch_jobs`: over how many.
        proven: whether a batch job of this track has landed well.
    """

    rules: ModelRules
    prompt: float
    output: float
    thinking: float = 0.0
    limits: Mapping[str, Figure] = field(default_factory=dict)
    counts: Mapping[str, Counts] = field(default_factory=dict)
    measured: Mapping[str, Measured] = field(default_factory=dict)
    counted: Mapping[str, Counted] = field(default_factory=dict)
    bad: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    used_today: float = 0.0
    tries: float = 1.0
    batch_hours: float = 0.0
    batch_jobs: int = 0
    proven: bool = False


@dataclass(frozen=True, slots=True)
class Selection:
    """What to choose by; everything given has to fit.

    Attributes:
        folder: absolute path; its subfolders are meant too. Empty for all.
        since, until: Unix seconds of the files' last change, 0 for no end.
        query: as in a search ("board:holidays", "path:2024"), over results of any track, or over
            images where the query asks for none; "" for none.
    """

    folder: bytes = b""
    since: float = 0.0
    until: float = 0.0
    query: str = ""

    def __bool__(self) -> bool:
        return bool(self.folder or self.since or self.until or self.query)

    @property
    def words(self) -> str:
        """Words for people."""
        found = [f"in {plain(self.folder)}"] if self.folder else []
        found += ["by date"] if self.since or self.until else []
        return ", ".join([*found, *([f"matching {plain(self.query)!r}"] if self.query else [])])


@dataclass(frozen=True, slots=True)
class Selected:
    """A part of the library.

    Attributes:
        words: for people, such as "in /photos/2024".
        remaining: images of it that remain, for the model and profile it was looked up for.
        shapes: their classes.
    """

    words: str
    remaining: int
    shapes: tuple[Shape, ...]


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """Everything a plan needs, looked up once.

    Attributes:
        now: Unix seconds.
        settings: all settings.
        provider: google or simulator.
        profile: its name; `resolution`: its own media resolution.
        shapes: classes of all images that can be used.
        library: counts for a track that does not exist yet.
        models: by id.
        bad: images by kind that are known bad whatever is asked of them.
        spent_day, spent_month: US dollars of the Pacific day and month.
        free_bytes: of the disk that batch files lie on.
        key_where: the variable a key was found in, "" for none.
        own: the user's own prices.
        notes: what is to be said whatever is chosen.
    """

    now: float
    settings: Settings
    provider: str
    profile: str
    resolution: str
    shapes: tuple[Shape, ...]
    library: Counts
    models: Mapping[str, ModelFacts]
    bad: Mapping[str, int] = field(default_factory=dict)
    selected: Selected | None = None
    spent_day: float = 0.0
    spent_month: float = 0.0
    free_bytes: int = 0
    key_where: str = ""
    own: Overrides = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LanePlan:
    """One lane's price and time. `cost` is `None` when the model's price is not known.

    Attributes:
        risk: in a few words.
        today: images that go before the first stop; `parks`: times it waits for a new day.
        each_nano: nano-dollars for one image now.
        by_price: images at each of the dated prices that the plan meets.
    """

    lane: str
    available: bool
    cost: Cost | None
    duration: Duration | None
    notes: tuple[str, ...] = ()
    risk: str = ""
    today: int = 0
    parks: int = 0
    each_nano: int = 0
    by_price: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """A share of the images and the lane they go through."""

    lane: str
    images: int
    cost: float
    seconds: float


@dataclass(frozen=True, slots=True)
class ModelLine:
    """Another model on the same images.

    Attributes:
        lane: the cheapest that is available, with `cost` and `seconds`; `quick_*`: interactive.
        ends: when it is shut down, in words, "" for not known.
        changes: dated price changes ahead, in words.
    """

    model: str
    lane: str
    cost: float | None
    seconds: float | None
    quick_cost: float | None
    quick_seconds: float | None
    tokens: PerImage
    remaining: int
    ends: str = ""
    changes: tuple[str, ...] = ()
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Advice:
    """What to choose and why, in one sentence.

    Attributes:
        parts: more than one when a split is best.
        other_model: a model that answers the wishes better, "" for none; `other_reason`: why.
    """

    lane: str
    reason: str
    parts: tuple[Part, ...] = ()
    other_model: str = ""
    other_reason: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """The answer of `gemtag plan`."""

    counts: Counts
    model: str
    profile: str
    provider: str
    tokens: PerImage
    lanes: tuple[LanePlan, ...]
    recommended: str
    reason: str
    warnings: tuple[str, ...] = ()
    key_where: str = ""
    images: int = 0
    scope: str = ""
    resolution: str = ""
    advice: Advice | None = None
    models: tuple[ModelLine, ...] = ()
    bad: Mapping[str, int] = field(default_factory=dict)
    caching: str = ""
    savings: tuple[str, ...] = ()
    budgets: tuple[str, ...] = ()
    limits: Mapping[str, Figure] = field(default_factory=dict)
    near_saves: float | None = None
    """US dollars that pictures waiting for one that looks the same would cost."""
