from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from gemtag_tui.tui.paint import bar, clip, fit, join_fitting, plot, safe, sides, width_of

harmless = st.text(st.characters(categories=("L", "N", "P", "S", "Zs")), max_size=60)
lines = st.lists(st.tuples(harmless.map(safe), st.just("")), max_size=8)


@given(harmless.map(safe), st.integers(0, 40), st.booleans(), st.sampled_from(["head", "tail"]))
def test_fit_takes_exactly_the_cells_it_is_given(text, width, right, keep):
    assert cell_len(fit(text, width, right=right, keep=keep)) == width


def test_a_path_keeps_its_tail_and_numbers_stand_right():
    path = "/home/ada/pictures/2026/november/kitchen.jpg"
    assert fit(path, 30, keep="tail").endswith("november/kitchen.jpg")
    assert fit("12", 5, right=True) == "   12"


@given(lines, st.integers(0, 60))
def test_clip_never_exceeds_the_width(line, width):
    assert width_of(clip(line, width)) <= width


@given(lines, lines, st.integers(1, 80))
def test_sides_fill_the_width_when_the_right_part_fits(left, right, width):
    got = width_of(sides(left, right, width))
    assert got == max(width, width_of(right))


@given(st.lists(lines, max_size=5), st.integers(0, 80))
def test_join_fitting_keeps_whole_leading_parts(parts, width):
    assert width_of(join_fitting(parts, width)) <= width


@given(st.integers(0, 10_000), st.integers(1, 10_000), st.integers(1, 60))
def test_a_bar_is_full_only_when_all_is_there(part, whole, width):
    drawn = bar(part, whole, width)
    assert cell_len(drawn) == width
    assert (drawn == "█" * width) == (part >= whole)


@given(st.lists(st.floats(0, 1e6), max_size=80), st.integers(1, 60), st.integers(1, 9))
def test_a_plot_is_a_rectangle(values, width, height):
    drawn = plot(values, width, height)
    assert [len(line) for line in drawn] == [width] * height


def test_a_plot_shows_the_newest_values_at_the_right_with_the_highest_on_top():
    assert plot([0, 1, 2], 4, 2) == ["   █", "  ██"]


emoji = st.sampled_from([*"👩👧👍🏽❤1☂\u200d\ufe0f\u20e3🇩🇪", "👩\u200d👩\u200d👧", "e\u0301"])


@given(st.one_of(st.text(max_size=50), st.lists(emoji, max_size=8).map("".join)))
def test_a_line_is_as_wide_as_its_characters(text):
    assert cell_len(safe(text)) == sum(map(cell_len, safe(text)))


def test_joined_signs_stand_side_by_side():
    assert safe("👩\u200d👩\u200d👧 ❤\ufe0f 👍🏽") == "👩👩👧 ❤ 👍"


@given(st.text(max_size=50))
def test_ascii_terminals_get_ascii_alone(text):
    assert safe(text, True).isascii()
    assert safe(text, True).isprintable()


def test_known_signs_keep_a_meaning_in_ascii():
    assert safe("● ‖ ✓ ✗ ▸ ◀ ─ █░", True) == "* | + x > < - #."
