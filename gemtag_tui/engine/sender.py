"""One call: its bytes, what it will need, and sending it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gemtag_tui.core.calls import CallError, Trouble
from gemtag_tui.engine.admission import Need

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gemtag_tui.core.calls import Outcome
    from gemtag_tui.engine.feeder import Ready
    from gemtag_tui.engine.spending import Spending
    from gemtag_tui.gemini.client import GeminiClient
    from gemtag_tui.gemini.request import RequestForm


@dataclass(frozen=True, slots=True)
class Way:
    """How calls of one lane are made.

    Attributes:
        form: the request's form.
        timeout: seconds after which a call is abandoned.
    """

    form: RequestForm
    timeout: float


class Sender:
    """Makes calls for one model and profile.

    Args:
        client: the wire.
        ways: how calls of a lane are made.
        spending: what calls use and cost, as measured so far.
    """

    def __init__(
        self,
        client: GeminiClient,
        ways: Mapping[str, Way],
        spending: Spending,
        model: str,
    ) -> None:
        self._client = client
        self._ways = ways
        self._spending = spending
        self._model = model

    def need(self, ready: Ready) -> Need:
        """Estimate what a call will use."""
        picture, lane = ready.picture, ready.attempt.lane
        if setting := ready.attempt.candidate.setting:
            form = self._ways[lane].form.changed(setting)
            rule, _ = form.estimate(picture.width, picture.height)
            return self._spending.need_with(rule, form.max_output(), lane)
        return self._spending.need(picture.width, picture.height, lane)

    async def send(self, ready: Ready) -> Outcome:
        """Make the call; every trouble comes back as a value."""
        picture, attempt = ready.picture, ready.attempt
        attempt.calls += 1
        way = self._ways[attempt.lane]
        asked = attempt.candidate
        form = way.form.changed(asked.setting) if asked.setting else way.form
        body = form.body(picture.data, picture.mime, attempt.better, context=asked.context)
        if len(body) > MOST_BODY_BYTES:
            return CallError(Trouble.TOO_LONG, f"the request has {len(body):,} bytes")
        return await self._client.generate(self._model, body, way.timeout)


MOST_BODY_BYTES = 20_000_000
"""Inline requests take 20 MB by the older and 100 MB by the newer word of the API's pages."""
