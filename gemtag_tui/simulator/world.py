"""Everything that the simulator's request handlers share."""

from __future__ import annotations

import asyncio
import random
from collections import Counter, OrderedDict
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from gemtag_tui.simulator.answer import answer_text
from gemtag_tui.simulator.clock import Clock
from gemtag_tui.simulator.config import Rule, SimulatorConfig
from gemtag_tui.simulator.errors import bad_key, no_key, retired_model, unknown_model
from gemtag_tui.simulator.faults import Call, FaultPicker
from gemtag_tui.simulator.filestore import FileStore
from gemtag_tui.simulator.look import Look, look_from_hash
from gemtag_tui.simulator.models import MODELS, RETIRED, Model, find
from gemtag_tui.simulator.pictures import Picture, Pictures, decode_base64
from gemtag_tui.simulator.quotas import Quotas
from gemtag_tui.simulator.replies import Answer
from gemtag_tui.simulator.request import CHARS_PER_TOKEN, GenerateRequest, ImagePart
from gemtag_tui.simulator.stats import Stats
from gemtag_tui.simulator.tiers import PrefixCache, Service
from gemtag_tui.simulator.tokens import image_tokens, thought_tokens

if TYPE_CHECKING:
    from gemtag_tui.simulator.jobs import Job

DISCOUNTS = {"standard": 1.0, "flex": 0.5, "batch": 0.5, "priority": 1.75}
"""Price of a lane relative to standard (gemini-facts §1.1)."""
CACHED_SHARE = 0.1
"""Price of a cached token relative to a fresh one (gemini-facts §8)."""
INLINE_CHARS = 300_000
"""Pictures of more base64 than this are decoded in a thread."""
REMEMBERED_TEXTS = 20_000


class World:
    """State and the answers that follow from it.

    Args:
        config: What to simulate.
        clock: Time.
        rng: Chance.
        folder: Where uploaded and generated files are kept.
    """

    def __init__(
        self, config: SimulatorConfig, clock: Clock, rng: random.Random, folder: Path
    ) -> None:
        self.clock = clock
        self.rng = rng
        self.base_url = ""
        self.closed = False
        """Set at the end, so that work in threads ends too."""
        self._folder = folder
        self._texts: OrderedDict[tuple[str, ...], str] = OrderedDict()
        self.config = config
        self.reset()

    def reset(self) -> None:
        """Forget everything but the configuration and the clock."""
        self.started = self.clock.now()
        self.stats = Stats(self.started)
        self.quotas = Quotas(self.config.limits)
        self.files = FileStore(self._folder, self.clock)
        self.numbers: Counter[str] = Counter()
        """Calls by method, and jobs."""
        self.jobs: dict[str, Job] = {}
        self.tiers = Service(self.config.tiers, self.rng)
        self.cache = PrefixCache(self.config.cache)
        self._apply()

    def reconfigure(self, config: SimulatorConfig) -> None:
        """Take another configuration; what was counted stays counted."""
        self.config = config
        self.quotas.limits = config.limits
        self._apply()

    def _apply(self) -> None:
        config = self.config
        self.picker = FaultPicker(config.rules(), self.rng)
        self.tiers.config = config.tiers
        self.cache.config = config.cache
        self.pictures = Pictures(
            read_pixels=config.pixels,
            max_pixels=config.max_pixels,
            remembered=config.remembered_pictures,
        )

    def seconds(self) -> float:
        """Since the start or the last reset."""
        return self.clock.now() - self.started

    def model(self, name: str, version: str, method: str) -> Model:
        """The model asked for.

        Raises:
            ApiError: 404.
        """
        if name in self.config.retired:
            raise retired_model(name)
        found = None if name in RETIRED else find(name, version)
        if found is None:
            raise unknown_model(name, version, method)
        return found

    def served(self, model: Model) -> Model:
        """The model that really answers, after re-routing."""
        return MODELS.get(self.config.rerouted.get(model.name, ""), model)

    def rule_for(
        self, method: str, model: str = "", request: GenerateRequest | None = None, **seen: Any
    ) -> Rule | None:
        """Count a call of a method and pick the fault that strikes it."""
        self.numbers[method] += 1
        call = Call(
            method=method,
            number=self.numbers[method],
            seconds=self.seconds(),
            model=model,
            contents=lambda: self.contents(request) if request else (),
            **seen,
        )
        rule = self.picker.pick(call)
        if rule is not None:
            self.stats.faults[rule.fault] += 1
        return rule

    def contents(self, request: GenerateRequest) -> list[bytes]:
        """The bytes of a request's pictures."""
        return [self._bytes(part) for part in request.images]

    def _bytes(self, part: ImagePart) -> bytes:
        return self.files.read_uri(part.uri) if part.uri else decode_base64(part.data)

    async def see(self, request: GenerateRequest) -> list[Picture]:
        """Describe the pictures of a request; large new ones in a thread.

        Raises:
            ApiError: 400 for bad base64, 403 for a file that is not there.
        """
        seen: list[Picture] = []
        for part in request.images:
            if part.uri or len(part.data) < INLINE_CHARS or not self.config.pixels:
                seen.append(self.see_part(part))
            else:
                known = self.pictures.cached(part.data)
                if known is None:
                    known = await asyncio.to_thread(self.see_part, part)
                seen.append(known)
        return seen

    def see_part(self, part: ImagePart) -> Picture:
        """Describe one picture."""
        if part.uri:
            return self.pictures.describe_bytes(self.files.read_uri(part.uri))
        return self.pictures.describe(part.data)

    def answer(
        self, request: GenerateRequest, pictures: Sequence[Picture], *, batch: bool = False
    ) -> Answer:
        """The right answer to a request."""
        look = pictures[0].look if pictures else look_from_hash(request.text)
        served, tier = self.served(request.model), self._tier(request.service_tier)
        return Answer(
            text=self._text(request, look, pictures[0].sha256 if pictures else request.text),
            model=served.name,
            text_tokens=request.text_tokens,
            image_tokens=sum(
                image_tokens(
                    request.model,
                    part.resolution or request.resolution,
                    picture.look.width,
                    picture.look.height,
                )
                for part, picture in zip(request.images, pictures, strict=True)
            ),
            thoughts=thought_tokens(request.model, request.level, request.budget),
            max_output=request.max_output,
            service_tier="batch" if batch else tier,
            cached_tokens=self._cached(request, served.name),
            told=batch or self.config.tiers.told in {"both", "usage"},
        )

    def _tier(self, asked: str) -> str:
        """Priority is silently downgraded where the project's tier has none; flex as told."""
        if asked == "flex":
            return self.tiers.flex_tier()
        if asked == "priority" and self.config.limits.tier in {"free", "tier1"}:
            return "standard"
        return asked

    def _cached(self, request: GenerateRequest, model: str) -> int:
        tokens = len(request.prefix) // CHARS_PER_TOKEN
        return self.cache.hit((model, request.prefix), tokens, self.seconds())

    def _text(self, request: GenerateRequest, look: Look, digest: str) -> str:
        schema = sha256(msgspec.json.encode(request.schema)).hexdigest()
        key = (digest, schema, str(request.wants_json), str(self.config.pixels))
        found = self._texts.get(key)
        if found is None:
            found = answer_text(look, request.schema, wants_json=request.wants_json)
            self._texts[key] = found
            if len(self._texts) > REMEMBERED_TEXTS:
                self._texts.popitem(last=False)
        return found

    def other_text(self, request: GenerateRequest, pictures: Sequence[Picture]) -> str:
        """The text for a picture that was not in the request."""
        digest = pictures[0].sha256 if pictures else ""
        look = look_from_hash(digest[::-1])
        return answer_text(look, request.schema, wants_json=request.wants_json)

    def price(self, answer: Answer, output_tokens: int) -> float:
        """USD for an answer."""
        model = MODELS[answer.model]
        fresh = answer.prompt_tokens - answer.cached_tokens * (1 - CACHED_SHARE)
        cost = fresh * model.input_price + output_tokens * model.output_price
        return cost / 1e6 * DISCOUNTS[answer.service_tier]

    def pay(self, answer: Answer, output_tokens: int, pictures: Sequence[Picture]) -> None:
        """Bill an answer."""
        usd, now = self.price(answer, output_tokens), self.clock.now()
        images = tuple(picture.sha256 for picture in pictures)
        self.stats.pay(images, answer.prompt_tokens, output_tokens, usd)
        self.quotas.charge(MODELS[answer.model], usd, now)

    def check_key(self, key: str) -> None:
        """Raise what Google says to a bad key."""
        if key in self.config.bad_keys:
            raise bad_key()
        if not key:
            raise no_key()


def latency(world: World, service_tier: str) -> float:
    """Draw how long a call takes, in seconds."""
    own, rng = world.config.latency, world.rng
    seconds = own.mean + rng.uniform(-own.jitter, own.jitter)
    if own.tail_share and rng.random() < own.tail_share:
        seconds += own.tail
    factor = own.flex_factor if service_tier == "flex" else 1.0
    return max(0.0, seconds) * factor
