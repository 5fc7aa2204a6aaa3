from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gemtag_tui.core.near import (
    HEIGHT,
    MOST_DISTANCE,
    WIDTH,
    Grouper,
    Kind,
    Look,
    Seen,
    alike,
    distance,
    look_of,
    shape_of,
)

GREY = (128, 128, 128)
hashes = st.integers(0, 2**64 - 1)


def seen(asset: int, bits: int, tint: int = 0x808080, shape: int = 100) -> Seen:
    return Seen(asset, Look(Kind.TELLING, bits, tint), shape)


def grid(*levels: int) -> bytes:
    return bytes(levels[i % len(levels)] for i in range(WIDTH * HEIGHT))


@st.composite
def families(draw):
    """Hashes of which many are a few bits from one another."""
    found = [draw(hashes)]
    for _ in range(draw(st.integers(0, 40))):
        if draw(st.booleans()):
            bits = draw(st.sampled_from(found))
            for bit in draw(st.lists(st.integers(0, 63), max_size=6)):
                bits ^= 1 << bit
        else:
            bits = draw(hashes)
        found.append(bits)
    return found


@given(families(), st.integers(0, MOST_DISTANCE))
def test_groups_are_those_of_comparing_all_with_all(bits, most):
    grouper, leaders = Grouper(most), []
    for asset, one in enumerate(bits):
        found = grouper.place(seen(asset, one))
        near = [(distance(one, other), at) for at, other in leaders if distance(one, other) <= most]
        if near:
            least, leader = min(near)
            assert found == (leader, least)
        else:
            assert found is None
            leaders.append((asset, one))


@given(families(), st.integers(0, MOST_DISTANCE))
def test_followers_are_near_their_leader_and_leaders_follow_nobody(bits, most):
    grouper = Grouper(most)
    follows = {asset: grouper.place(seen(asset, one)) for asset, one in enumerate(bits)}
    for asset, follow in follows.items():
        if follow is not None:
            assert follow.distance == distance(bits[asset], bits[follow.leader]) <= most
            assert follows[follow.leader] is None
            assert follow.leader < asset


def test_a_chain_of_small_steps_is_not_one_group():
    grouper = Grouper(4)
    chain = [(1 << step * 3) - 1 for step in range(8)]
    follows = [grouper.place(seen(asset, bits)) for asset, bits in enumerate(chain)]
    assert [follow is None for follow in follows] == [True, False] * 4
    assert {follow.leader for follow in follows if follow} == {0, 2, 4, 6}


@pytest.mark.parametrize("most", [-1, MOST_DISTANCE + 1])
def test_distances_that_mean_nothing_are_refused(most):
    with pytest.raises(ValueError, match="distance"):
        Grouper(most)


@given(hashes, st.sampled_from([0x908080, 0x80A080, 0x808000]))
def test_another_colour_or_shape_is_another_picture(bits, tint):
    grouper = Grouper(4)
    assert grouper.place(seen(1, bits)) is None
    assert grouper.place(seen(2, bits, tint=tint)) is None
    assert grouper.place(seen(3, bits, shape=150)) is None
    assert grouper.place(seen(4, bits, tint=0x828382, shape=103)) == (1, 0)
    assert grouper.place(seen(5, bits, tint=tint)) == (2, 0)


def test_many_pictures_of_one_hash_and_many_colours_stay_bounded():
    grouper = Grouper(4)
    follows = [grouper.place(seen(i, 7, tint=(i * 40) % 256 << 16 | i % 256)) for i in range(3000)]
    assert len({f.leader for f in follows if f}) <= 64


@given(st.binary(min_size=72, max_size=72), st.integers(5, 255))
def test_a_hash_has_64_bits_and_telling_ones_go_up_and_down(levels, spread):
    look = look_of(levels, GREY, spread)
    assert 0 <= look.hash < 2**64
    assert look.tint == 0x808080
    if look.kind is Kind.TELLING:
        assert 8 <= look.hash.bit_count() <= 56


@given(st.binary(min_size=72, max_size=72), st.integers(1, 20))
def test_brightness_changes_no_bit(levels, more):
    dark = bytes(level * 200 // 255 for level in levels)
    light = bytes(level + more for level in dark)
    assert look_of(dark, GREY, 90) == look_of(light, GREY, 90)


def test_pictures_that_say_nothing_are_vague():
    slope = bytes(column * 20 for _ in range(HEIGHT) for column in range(WIDTH))
    for levels in (grid(0), grid(200), slope, grid(100, 101), grid(*[250] * 30, 10)):
        assert look_of(levels, GREY, 50).kind is Kind.VAGUE
    assert look_of(grid(0, 90), GREY, 90).kind is Kind.TELLING


def test_vague_pictures_are_never_grouped():
    grouper = Grouper(8)
    vague = [Seen(i, Look(Kind.VAGUE, 0, 0x808080), 0) for i in range(3)]
    assert [grouper.place(one) for one in vague] == [None] * 3
    assert grouper.place(Seen(9, Look(Kind.NONE), 0)) is None
    assert not alike(vague[0], vague[1], 8)


def test_one_colour_is_alike_only_to_exactly_the_same():
    grouper = Grouper(8)
    flat = [Seen(i, look_of(grid(9), tint, 0), i) for i, tint in
            enumerate([(9, 9, 9), (9, 9, 10), (9, 9, 9)])]  # fmt: skip
    assert [grouper.place(one) for one in flat] == [None, None, (0, 0)]
    assert alike(flat[0], flat[2], 0)
    assert not alike(flat[0], flat[1], 8)
    assert not alike(seen(5, 0), flat[0], 8)


def test_a_grid_of_another_size_is_a_mistake():
    with pytest.raises(ValueError, match="72"):
        look_of(b"123", GREY, 9)


@given(st.integers(1, 20_000), st.integers(1, 20_000))
def test_turning_a_picture_turns_its_shape(width, height):
    assert shape_of(width, height) == -shape_of(height, width)
    assert shape_of(0, height) == 0
