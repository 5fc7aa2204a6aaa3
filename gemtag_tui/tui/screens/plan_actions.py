"""What the plan's keys do to its choices: each is taken at once, and can be taken back."""

from __future__ import annotations

from abc import abstractmethod

from gemtag_tui.core.errors import GemtagError
from gemtag_tui.core.plan_values import RESOLUTIONS
from gemtag_tui.tui.screens.base import GemtagScreen
from gemtag_tui.tui.screens.plan_choices import (
    LANES,
    OwnChoices,
    day_words,
    following,
    selection_rows,
    wish_rows,
)
from gemtag_tui.tui.screens.plan_menu import MenuScreen
from gemtag_tui.tui.screens.plan_models import ModelsScreen
from gemtag_tui.tui.screens.plan_typed import (
    parse_cap,
    parse_length,
    parse_limit,
    parse_moment,
    try_to_save,
)
from gemtag_tui.tui.wanted import PlanBase, PlanView

WHOLE = "Write a whole number, like 500, or nothing."
DOLLARS = "Write dollars, like 5 or 0.50, or nothing."
LENGTH = "Write a time, like 36h or 3d, or a date to come, or nothing."
DAY = "Write a date, like 2026-11-22 or 2026-11-22 18:00, or nothing."


class PlanChoosing(GemtagScreen):
    """The choices. Another part of the screen draws and starts."""

    def __init__(self) -> None:
        super().__init__()
        self.base: PlanBase | None = None
        self.view: PlanView | None = None
        self.own = OwnChoices()

    @abstractmethod
    async def plan_again(self) -> None:
        """Look everything up again, reckon and draw."""

    @abstractmethod
    def reckon(self) -> None:
        """Reckon from what is known, and draw."""

    def _changed(self, *, look_up: bool = False) -> None:
        """Show the new figures at once; where other images are meant, look those up besides."""
        self.reckon()
        if look_up or self.own.selection:
            self.do(self.plan_again(), "plan")

    def change(self, name: str) -> None:
        """Change a row."""
        act = {
            "model": self.action_models,
            "resolution": self.action_detail,
            "lane": self.action_lane,
            "images": self.action_images,
            "wish": self.action_wish,
            "cap": self.action_cap,
            "profile": self.action_profile,
        }
        act[name]()

    # Going on to the next value

    def action_next_model(self) -> None:
        """Plan with the next model of those that are served."""
        if self.view is not None:
            names = sorted(one.model for one in self.view.plan.models)
            if names:
                self.take_model(following(names, self.view.plan.model))

    def take_model(self, name: str) -> None:
        """Plan with a model."""
        self.own.model = "" if self.base is not None and name == self.base.model else name
        self._changed()

    def action_detail(self) -> None:
        """Plan with the next media resolution."""
        if self.view is None or self.base is None:
            return
        taken = following(RESOLUTIONS, self.view.resolution)
        self.own.resolution = "" if taken == self.base.resolution else taken
        self._changed()

    def action_lane(self) -> None:
        """Plan with the next lane."""
        if self.view is None or self.base is None:
            return
        taken = following(LANES, self.view.lane)
        self.own.lane = "" if taken == self.base.lane else taken
        self.reckon()

    # Back to the settings

    def action_reset(self) -> None:
        """The row under the cursor as the settings say."""
        name = self.row_name()
        had = bool(self.own.selection)
        self.own.reset(name or "cap")
        self._changed(look_up=had)

    def action_reset_all(self) -> None:
        """All rows as the settings say."""
        had = bool(self.own.selection)
        self.own.reset()
        self._changed(look_up=had)
        self.say("All as the settings say.")

    @abstractmethod
    def row_name(self) -> str:
        """The choice under the cursor, "" for none."""

    # Models

    def action_models(self) -> None:
        """The models side by side."""
        view = self.view
        if view is not None:
            screen = ModelsScreen(
                view.plan.models, view.plan.model, view.images, self._model_taken, self._model_saved
            )
            self.app.push_screen(screen)

    async def _model_taken(self, name: str) -> str | None:
        self.take_model(name)
        return None

    async def _model_saved(self, name: str) -> str | None:
        wrong = await self.save("model", name)
        if wrong is None:
            self.own.reset("model")
            self.reckon()
        return wrong

    # Menus

    def action_images(self) -> None:
        """Choose a part of the images."""
        rows = selection_rows(self.own)
        self.app.push_screen(MenuScreen("which images", rows, self._images_taken))

    def _images_taken(self, name: str) -> None:
        own = self.own
        if name == "all":
            had = bool(own.selection)
            own.reset("images")
            self._changed(look_up=had)
        elif name in {"first", "sample"}:
            value = str(getattr(own, name) or "")
            self.edit("How many (empty: all):", value, lambda text: self._number(name, text))
        elif name == "folder":
            value = own.folder.decode("utf-8", "replace")
            self.edit("In which folder (empty: all):", value, self._folder_taken)
        elif name == "query":
            self.edit("Found by (empty: all):", own.query, self._query_taken)
        else:
            words = "Changed since:" if name == "since" else "Changed before:"
            value = day_words(getattr(own, name))
            self.edit(words, value, lambda text: self._day(name, text))

    async def _number(self, name: str, text: str) -> str | None:
        try:
            value = parse_limit(text)
        except ValueError:
            return WHOLE
        self.own.first = self.own.sample = 0
        setattr(self.own, name, value)
        self.reckon()
        return None

    async def _folder_taken(self, text: str) -> str | None:
        try:
            place = await self.source.folder(text) if text.strip() else ""
        except GemtagError as error:
            return error.message
        self.own.folder = place.encode("utf-8", "surrogateescape")
        await self.plan_again()
        return None

    async def _query_taken(self, text: str) -> str | None:
        before, self.own.query = self.own.query, text.strip()
        try:
            await self.look_up()
        except GemtagError as error:
            self.own.query = before
            return error.message
        self.reckon()
        return None

    @abstractmethod
    async def look_up(self) -> None:
        """Look everything up again; raises what stands in the way."""

    async def _day(self, name: str, text: str) -> str | None:
        try:
            value = parse_moment(text)
        except ValueError:
            return DAY
        setattr(self.own, name, value)
        await self.plan_again()
        return None

    def action_wish(self) -> None:
        """Choose what is wished for."""
        self.app.push_screen(MenuScreen("what is wished", wish_rows(self.own), self._wish_taken))

    def _wish_taken(self, name: str) -> None:
        own = self.own
        if name == "deadline":
            self.edit("Done in (36h, 3d, or a date):", "", self._deadline)
        elif name == "budget":
            value = f"{own.budget:g}" if own.budget else ""
            self.edit("For at most, in dollars:", value, self._budget)
        else:
            if name in {"none", "settings"}:
                own.reset("wish")
            own.wished = name != "settings"
            own.prefer = name if name in {"cheapest", "soonest"} else ""
            self.reckon()

    async def _deadline(self, text: str) -> str | None:
        try:
            self.own.deadline = parse_length(text, self.look.now)
        except ValueError:
            return LENGTH
        self.own.wished = True
        self.reckon()
        return None

    async def _budget(self, text: str) -> str | None:
        try:
            self.own.budget = parse_cap(text)
        except ValueError:
            return DOLLARS
        self.own.wished = True
        self.reckon()
        return None

    # The cap of the next run, and the profile

    def action_cap(self) -> None:
        """Cap the next run."""
        value = f"{self.own.cap:g}" if self.own.cap else ""
        self.edit("Most dollars for the run (empty: none):", value, self._cap_typed)

    async def _cap_typed(self, text: str) -> str | None:
        try:
            self.own.cap = parse_cap(text)
        except ValueError:
            return DOLLARS
        self.reckon()
        return None

    def action_profile(self) -> None:
        """Write another profile's name; it becomes the setting."""
        value = self.base.profile if self.base else ""
        self.edit("Profile (a name, or a .toml path):", value, self._profile_typed)

    async def _profile_typed(self, text: str) -> str | None:
        return await self.save("profile", text)

    async def save(self, name: str, text: str) -> str | None:
        """Save a setting and look up again; returns what is wrong with it."""
        said, wrong = await try_to_save(self.source.set_value, name, text)
        if wrong is not None:
            return wrong
        await self.plan_again()
        if said:
            self.say(f"{name}: {said}")
        return None
