"""Near-duplicates: what a picture looks like in 64 bits, and groups of those that look alike.

A difference hash says, for each of 64 cells of a small grey picture, whether it is brighter to the
right. A resized or re-encoded copy changes few of these bits, another picture about half of them.

Groups have a leader and followers. Every follower is near its *leader*, never merely near another
follower, so that a chain of small steps cannot join pictures that have nothing in common.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from enum import IntEnum
from itertools import combinations, pairwise
from typing import Final, NamedTuple

WIDTH: Final = 9
HEIGHT: Final = 8
"""Of the grid: eight rows of eight steps from one cell to the next make 64 bits."""
BITS: Final = 64
MOST_DISTANCE: Final = 8
"""Beyond this, pictures that differ begin to look alike to the hash."""

NOISE: Final = 2
"""Levels of 255 between neighbours that an encoder may put there or take away."""
TELLING: Final = 8
"""Steps up, and steps that are none, which a hash needs: with fewer of either it says next to
nothing, and pictures that have nothing in common (skies, pages, gradients) would share it."""
FLAT: Final = 4
"""Levels between the darkest and the brightest spot up to which a picture is of one colour."""
TINT_APART: Final = 10
"""Levels of each of red, green and blue by which the mean of copies may differ: hashes are of
brightness alone, and a grey or tinted version has other tags."""
SHAPE_APART: Final = 8
"""In 1/256 of a doubling of width : height (2 %): what rounding does to small copies."""

_STRIDE: Final = 27
"""Cell i is bit (i * 27) mod 64: neighbours, which are alike, fall into different bands."""
_MOST_ALIKE: Final = 64
"""Leaders of one hash (of different tint or shape); further ones stay alone."""


_WIDEST: Final = 16
"""Bits of a band, of four at the least."""


class Kind(IntEnum):
    """What a look is good for."""

    TELLING = 0
    """Its hash can be compared."""
    FLAT = 1
    """One colour all over: alike only to the same colour exactly."""
    VAGUE = 2
    """Neither: never grouped."""
    NONE = 3
    """The picture could not be looked at."""


class Look(NamedTuple):
    """What a picture looks like: its hash, and its mean colour as 0xRRGGBB."""

    kind: Kind
    hash: int = 0
    tint: int = 0


NO_LOOK: Final = Look(Kind.NONE)


class Seen(NamedTuple):
    """A picture to be grouped; `shape` is `shape_of` its width and height."""

    asset: int
    look: Look
    shape: int


class Follow(NamedTuple):
    """Whom a picture follows, and by how many bits it differs."""

    leader: int
    distance: int


def look_of(grid: bytes, tint: tuple[int, int, int], spread: int) -> Look:
    """Return what a picture looks like.

    Args:
        grid: 72 levels of brightness, `HEIGHT` rows of `WIDTH`.
        tint: its mean red, green and blue, 0 to 255.
        spread: levels between the darkest and the brightest spot of any colour.

    Raises:
        ValueError: the grid has another size.
    """
    if len(grid) != WIDTH * HEIGHT:
        raise ValueError(f"a grid has {WIDTH * HEIGHT} cells, not {len(grid)}")
    colour = tint[0] << 16 | tint[1] << 8 | tint[2]
    if spread <= FLAT:
        return Look(Kind.FLAT, 0, colour)
    bits = 0
    for cell in range(BITS):
        row, column = divmod(cell, WIDTH - 1)
        at = row * WIDTH + column
        if grid[at + 1] - grid[at] > NOISE:
            bits |= 1 << (cell * _STRIDE) % BITS
    up = bits.bit_count()
    kind = Kind.TELLING if TELLING <= up <= BITS - TELLING else Kind.VAGUE
    return Look(kind, bits, colour)


def distance(one: int, other: int) -> int:
    """Return the number of bits in which two hashes differ."""
    return (one ^ other).bit_count()


def shape_of(width: int, height: int) -> int:
    """Return width : height on a scale on which a difference is a factor; 0 for a square."""
    from math import log2  # noqa: PLC0415 (a name that would be in everyone's way here)

    return round(256 * log2(width / height)) if width > 0 and height > 0 else 0


def alike(one: Seen, other: Seen, most: int) -> bool:
    """Whether two pictures may be in one group, as leader and follower."""
    first, second = one.look, other.look
    if first.kind is Kind.FLAT:
        return second.kind is Kind.FLAT and first.tint == second.tint
    return (
        first.kind is second.kind is Kind.TELLING
        and distance(first.hash, second.hash) <= most
        and _same(first.tint, one.shape, other)
    )


def _same(tint: int, shape: int, seen: Seen) -> bool:
    other = seen.look.tint
    return abs(shape - seen.shape) <= SHAPE_APART and all(
        abs((tint >> by & 0xFF) - (other >> by & 0xFF)) <= TINT_APART for by in (0, 8, 16)
    )


class Grouper:
    """Takes pictures one by one, the best first, and says whom each follows.

    Who comes first leads: with pictures in the order of falling pixels and rising ids, a leader has
    the most pixels of its group. The nearest leader is followed, of equally near ones the first.

    Leaders are found by parts of their hashes. 64 bits are cut into `most + 4` bands; two hashes
    that differ in at most `most` bits have at least four bands in common. The bands are dealt into
    three sets, so that two of any four are in the same set: it is enough to look a hash up under
    each pair of bands within a set. For 4 bits these are 7 tables with keys of 16 bits.

    Memory grows with the leaders, never with pairs.

    Args:
        most: bits in which a follower may differ from its leader, 0 to `MOST_DISTANCE`.
    """

    def __init__(self, most: int) -> None:
        if not 0 <= most <= MOST_DISTANCE:
            raise ValueError(f"a distance is 0 to {MOST_DISTANCE}")
        self._most = most
        self._bands = _bands(most + 4)
        self._pairs = _pairs(most + 4)
        self._tables: list[dict[int, array[int]]] = [{} for _ in self._pairs]
        self._newest: dict[int, int] = {}
        """By hash: the last leader that has it; `_before` leads on to the others. Plain numbers in
        arrays, as a million small objects would take three times the memory and the time."""
        self._assets, self._tints = array("q"), array("q")
        self._shapes, self._before = array("q"), array("q")
        self._flat: dict[int, int] = {}

    def place(self, seen: Seen) -> Follow | None:
        """Return whom a picture follows; `None`: nobody, and those that come may follow it."""
        kind = seen.look.kind
        if kind is Kind.FLAT:
            leader = self._flat.setdefault(seen.look.tint, seen.asset)
            return None if leader == seen.asset else Follow(leader, 0)
        return self._nearest(seen) if kind is Kind.TELLING else None

    def _nearest(self, seen: Seen) -> Follow | None:
        own, most = seen.look.hash, self._most
        found = self._among(seen, (own,)) if own in self._newest else None
        if found is not None:
            return found
        bands = [own >> low & mask for low, mask in self._bands]
        keys = [bands[one] << _WIDEST | bands[other] for one, other in self._pairs]
        near: list[int] = []
        for table, key in zip(self._tables, keys, strict=True):
            if key in table:
                near += [one for one in table[key] if (one ^ own).bit_count() <= most]
        found = self._among(seen, near) if near else None
        if found is None:
            self._lead(seen, keys)
        return found

    def _among(self, seen: Seen, hashes: Iterable[int]) -> Follow | None:
        """Return the nearest leader of some hashes, of equally near ones the first."""
        best = (BITS + 1, 0)
        for one in hashes:
            apart, at = distance(one, seen.look.hash), self._newest[one]
            while at >= 0:
                if (apart, at) < best and _same(self._tints[at], self._shapes[at], seen):
                    best = (apart, at)
                at = self._before[at]
        return Follow(self._assets[best[1]], best[0]) if best[0] <= BITS else None

    def _lead(self, seen: Seen, keys: list[int]) -> None:
        own, new = seen.look.hash, len(self._assets)
        before = self._newest.get(own, -1)
        if before >= 0 and self._crowded(before):
            return
        self._newest[own] = new
        self._assets.append(seen.asset)
        self._tints.append(seen.look.tint)
        self._shapes.append(seen.shape)
        self._before.append(before)
        if before < 0:
            for table, key in zip(self._tables, keys, strict=True):
                bucket = table.get(key)
                if bucket is None:
                    bucket = table[key] = array("Q")
                bucket.append(own)

    def _crowded(self, at: int) -> bool:
        for _ in range(_MOST_ALIKE):
            if at < 0:
                return False
            at = self._before[at]
        return True


def _bands(number: int) -> list[tuple[int, int]]:
    """Return the shift and the mask of each band."""
    edges = [BITS * band // number for band in range(number + 1)]
    return [(low, (1 << high - low) - 1) for low, high in pairwise(edges)]


def _pairs(number: int) -> list[tuple[int, int]]:
    """Return the pairs of bands to look up: those within a set."""
    sets = (range(part, number, 3) for part in range(3))
    return [pair for one in sets for pair in combinations(one, 2)]
