"""Templates out of texts, read back by the templates' own reader."""

import random

import pytest

from trireme.cluster.folding import Axis, fold
from trireme.cluster.templates import filled
from trireme.errors import ClusterError

ROAD = Axis("road", ("store", "volume", "image"))
SWITCH = Axis("on", ("true", "false"))
BASE = ("a:", "- one", "- two", "", "z: 1")


def read(lines, **values):
    return tuple(filled(lines, {"Values": {"road": "store", "on": True, **values}}))


def test_two_axes_that_change_the_same_lines_are_refused_by_name():
    with pytest.raises(ClusterError, match=r"x: two choices change its line '- one'; make them one, or a hole"):
        fold("x", BASE, {ROAD: {"volume": ("a:", "- 1", *BASE[2:])}, SWITCH: {"false": ("a:", *BASE[2:])}})


def test_without_changes_the_template_is_the_text():
    assert tuple(fold("x", BASE, {})) == BASE


TEXTS = {
    "a line changed": ("a:", "- ONE", "- two", "", "z: 1"),
    "a line less": ("a:", "- two", "", "z: 1"),
    "a line more": ("a:", "- one", "- two", "- three", "", "z: 1"),
    "the last line gone": ("a:", "- one", "- two"),
    "an empty line less": ("a:", "- one", "- two", "z: 1"),
    "an empty line more": ("a:", "", "- one", "- two", "", "z: 1"),
    "after an empty line": ("a:", "- one", "- two", "", "y: 0", "z: 1"),
    "another altogether": ("b: 2",),
}


@pytest.mark.parametrize("case", TEXTS)
def test_each_choice_reads_its_own_text(case):
    lines = fold("x", BASE, {ROAD: {"volume": TEXTS[case]}})
    assert read(lines, road="volume") == TEXTS[case]
    assert read(lines) == read(lines, road="image") == BASE


def test_what_several_choices_add_alike_is_written_once():
    more = {choice: ("a:", "- one", "gpu:", f"  kind: {choice}", "  end: 1", *BASE[2:]) for choice in ("volume", "image")}
    lines = fold("x", BASE, {ROAD: more})
    assert lines.count("gpu:") == lines.count("  end: 1") == 1
    assert lines[2] == '{{- if ne .Values.road "store" }}'
    assert all(read(lines, road=choice) == text for choice, text in more.items())
    assert read(lines) == BASE


def test_axes_change_their_own_lines_side_by_side():
    lines = fold("x", BASE, {ROAD: {"image": ("a:", "- ONE", *BASE[2:])}, SWITCH: {"false": (*BASE[:-1], "z: 2")}})
    assert read(lines, road="image", on=False) == ("a:", "- ONE", "- two", "", "z: 2")


@pytest.mark.parametrize("seed", range(300))
def test_of_texts_drawn_at_random_each_choice_reads_its_own_and_nothing_empty_stands_before_a_condition(seed):
    """`{{-` eats what is empty before it: helm would read another text than ours."""
    draw = random.Random(seed)  # noqa: S311 - cases, not keys
    texts = {choice: (*draw.choices(("a", "b", "c", "", "d: e"), k=draw.randint(1, 9)), "z") for choice in ROAD.choices}
    lines = fold("x", texts["store"], {ROAD: {choice: texts[choice] for choice in ("volume", "image")}})
    assert {choice: read(lines, road=choice) for choice in ROAD.choices} == texts
    assert all(lines[number - 1].strip() for number, line in enumerate(lines) if number and line.startswith("{{-"))
