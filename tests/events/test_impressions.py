"""The memory of what was shown lately."""

from __future__ import annotations

from personalize_local.events.impressions import Shown


def test_an_answer_is_known_to_its_group_until_it_is_taken() -> None:
    shown = Shown()
    shown.remember("RID-1", "group", ["a", "b"])
    assert shown.of("RID-1", "group") == ["a", "b"]
    assert shown.of("RID-1", "other") is None
    assert shown.take("RID-1", "other") is None
    assert shown.take("RID-1", "group") == ["a", "b"]
    assert shown.take("RID-1", "group") is None
    assert shown.of("RID-1", "group") is None


def test_the_oldest_answers_make_room_for_new_ones() -> None:
    shown = Shown(most=5)
    for number in range(4):
        shown.remember(str(number), "group", ["a", "b"])
    assert [shown.of(str(number), "group") is not None for number in range(4)] == [False, False, True, True]
    shown.take("3", "group")
    shown.remember("4", "group", ["a", "b"])
    assert shown.of("2", "group") is not None
    shown.clear()
    assert shown.of("4", "group") is None
