"""Which events are learned from, and when they are too few."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from personalize_local.engine.data import Categorical, Interactions, Numeric, TrainingData
from personalize_local.engine.vocabulary import Vocabulary
from personalize_local.recipes.minimums import minimum_data_failure, select_events


def of_lengths(lengths: Sequence[int]) -> TrainingData:
    user = np.repeat(np.arange(len(lengths), dtype=np.int32), lengths)
    return TrainingData(
        users=Vocabulary.from_strings(f"u{number}" for number in range(len(lengths))),
        items=Vocabulary.from_strings(["i0", "i1", "i2"]),
        interactions=Interactions(
            user=user, item=np.arange(len(user), dtype=np.int32) % 3, timestamp=np.arange(len(user), dtype=np.int64)
        ),
    )


@pytest.mark.parametrize(
    ("lengths", "event_type", "failure"),
    [
        ([40] * 25, None, None),
        ([40] * 24 + [39], None, "Dataset has fewer than 1000 interactions"),
        ([9] * 100, "Click", "Dataset has fewer than 1000 interactions after filtering by event type: Click"),
        ([], None, "Dataset has fewer than 1000 interactions"),
        ([50] * 24 + [1] * 10, None, "Dataset has fewer than 25 users with at least 2 interactions each."),
        ([2] * 25 + [1] * 950, None, None),
        ([2] * 24 + [1] * 976, "View", "Dataset has fewer than 25 users with at least 2 interactions each."),
        ([2] * 29 + [1] * 2970, None, "Fewer than 1 percent of the users in the dataset have at least 2 interactions"),
        ([2] * 30 + [1] * 2970, None, None),
        ([2] * 30 + [1] * 2970 + [0] * 9000, None, None),
    ],
)
def test_too_little_data_is_told_in_the_services_words(
    lengths: list[int], event_type: str | None, failure: str | None
) -> None:
    found = minimum_data_failure(of_lengths(lengths), event_type)
    assert found == failure or (found is not None and failure is not None and "percent" in failure and failure in found)


@pytest.fixture
def data() -> TrainingData:
    """Six events with every column."""
    plain = of_lengths([3, 3])
    kinds = Categorical(codes=np.array([0, 1, 0, 0, -1, 1], np.int32), values=("Click", "click"))
    return replace(
        plain,
        interactions=replace(
            plain.interactions,
            event_type=kinds,
            value=np.array([1, 2, 3, np.nan, 5, 2.5], np.float32),
            context={
                "DEVICE": Categorical(codes=np.array([0, 1, 1, 0, 1, -1], np.int32), values=("tv", "phone")),
                "HOUR": Numeric(values=np.arange(6.0)),
            },
        ),
    )


@pytest.mark.parametrize(
    ("event_type", "threshold", "kept"),
    [
        (None, None, [0, 1, 2, 3, 4, 5]),
        ("Click", None, [0, 2, 3]),
        ("click", None, [1, 5]),
        ("CLICK", None, []),
        (None, 2.5, [2, 4, 5]),
        (None, 2.0, [1, 2, 4, 5]),
        ("Click", 0.0, [0, 2]),
        ("click", 2.5, [5]),
    ],
)
def test_events_are_selected_by_type_and_by_value_with_all_their_columns(
    data: TrainingData, event_type: str | None, threshold: float | None, kept: list[int]
) -> None:
    selected = select_events(data, event_type, threshold)
    before, after = data.interactions, selected.interactions
    assert selected.items is data.items
    assert selected.users is data.users
    assert after.timestamp.tolist() == kept
    assert after.user.tolist() == before.user[kept].tolist()
    assert after.item.tolist() == before.item[kept].tolist()
    assert after.event_type is not None
    assert before.event_type is not None
    assert after.event_type.codes.tolist() == before.event_type.codes[kept].tolist()
    assert before.value is not None
    np.testing.assert_array_equal(after.value, before.value[kept])
    device, hour = after.context["DEVICE"], after.context["HOUR"]
    assert isinstance(device, Categorical)
    assert isinstance(hour, Numeric)
    assert device.codes.tolist() == np.array([0, 1, 1, 0, 1, -1])[kept].tolist()
    assert hour.values.tolist() == kept


@pytest.mark.parametrize(("event_type", "threshold"), [("Click", None), (None, 1.0), ("Click", 1.0)])
def test_data_without_the_column_has_no_event_that_matches(event_type: str | None, threshold: float | None) -> None:
    assert len(select_events(of_lengths([3, 3]), event_type, threshold).interactions) == 0
