"""Refusals that name nothing at all: one is chance, many are taken for a quota's."""

from __future__ import annotations

from collections import deque

STREAK = 3
"""Bare refusals in a row, with no answer between."""
AMONG = 12
"""Latest outcomes looked at: half of them refused is no chance any more."""
REPEATED, WITHIN = 4, 60.0
"""Bare refusals within so many seconds while hardly anything else fails."""
OTHERS = 0.5
"""Other failures per bare refusal from which on the server is unwell rather than strict."""


class Suspicion:
    """Counts bare 429s among all that comes back; monotonic seconds."""

    def __init__(self) -> None:
        self._streak = 0
        self._outcomes: deque[bool] = deque(maxlen=AMONG)
        self._bare: deque[float] = deque(maxlen=REPEATED)
        self._others: deque[float] = deque(maxlen=REPEATED)

    def success(self) -> None:
        """Take in an answer."""
        self._streak = 0
        self._outcomes.append(False)

    def failed(self, now: float) -> None:
        """Take in a failure of another kind."""
        self._others.append(now)

    def refused(self, now: float) -> bool:
        """Take in a bare refusal; returns whether it is to be taken for a quota's."""
        self._streak += 1
        self._outcomes.append(True)
        self._bare.append(now)
        others = sum(at > now - WITHIN for at in self._others)
        recent = sum(at > now - WITHIN for at in self._bare)
        sure = (
            self._streak >= STREAK
            or sum(self._outcomes) * 2 >= AMONG
            or (recent >= REPEATED and others < OTHERS * recent)
        )
        if sure:
            self._streak = 0
            self._outcomes.clear()
            self._bare.clear()
        return sure
