"""The blend finds out on held-out events which signal tells what comes next."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from personalize_local.engine.blend import Settings, Validation, choose_settings, recency, spread, standardised_rows

USERS, ITEMS = 300, 60


def validation(telling: str, noise_seed: int = 0, context: bool = False) -> Validation:
    """Signals of noise, of which ``telling`` alone points at the held-out item."""
    random = np.random.default_rng(noise_seed)
    target = random.integers(0, ITEMS, USERS).astype(np.int32)

    def signal(name: str) -> np.ndarray:
        scores = random.normal(size=(USERS, ITEMS)).astype(np.float32)
        scores[np.arange(USERS), target] += 4.0 * (name == telling)
        return standardised_rows(scores)

    moves, likes = signal("transitions"), signal("affinity")
    popularity = np.bincount(target, minlength=ITEMS).astype(np.float32)
    seen = target if telling == "seen" else random.integers(0, ITEMS, USERS).astype(np.int32)
    return Validation(
        target=target,
        transitions=lambda share, damping, decay: moves,  # noqa: ARG005
        affinity=lambda decay: likes,  # noqa: ARG005
        popularity=(popularity - popularity.mean()) / popularity.std(),
        seen_rows=np.arange(USERS),
        seen_items=seen,
        context={"DEVICE": signal("context")} if context else {},
    )


@pytest.mark.parametrize(
    ("telling", "low", "high"), [("transitions", 0.6, 1.0), ("affinity", 0.0, 0.3)], ids=["transitions", "affinity"]
)
def test_the_signal_that_tells_gets_the_weight(telling: str, low: float, high: float) -> None:
    chosen = choose_settings(validation(telling), Settings(), recency_weighted=True)
    assert low <= chosen.transition_share <= high


def test_seen_items_are_raised_where_events_come_again_and_lowered_where_they_never_do() -> None:
    assert choose_settings(validation("seen"), Settings(), recency_weighted=True).seen_weight > 0
    never = validation("transitions")
    never = replace(never, seen_items=(never.target + 1) % ITEMS)
    assert choose_settings(never, Settings(), recency_weighted=True).seen_weight <= 0


def test_context_gets_weight_only_when_it_tells() -> None:
    telling = choose_settings(validation("context", context=True), Settings(), recency_weighted=True)
    silent = choose_settings(validation("transitions", context=True), Settings(), recency_weighted=True)
    assert telling.context_weights["DEVICE"] > 0
    assert not silent.context_weights.get("DEVICE")


def test_a_clear_signal_makes_sharper_probabilities_than_noise() -> None:
    clear = choose_settings(validation("transitions"), Settings(), recency_weighted=True)
    noise = choose_settings(validation("nothing"), Settings(), recency_weighted=True)
    assert clear.temperature > 2 * noise.temperature


def test_the_choice_is_at_least_as_good_as_the_start_and_leaves_decays_alone_without_recency() -> None:
    held = validation("affinity")
    start = Settings(transition_decay=np.inf, affinity_decay=np.inf)
    chosen = choose_settings(held, start, recency_weighted=False)
    assert held.quality(chosen) >= held.quality(start)
    assert (chosen.transition_decay, chosen.affinity_decay) == (np.inf, np.inf)


def test_quality_is_that_of_the_places_of_the_held_out_items() -> None:
    scores = np.zeros((3, 30), np.float32)
    scores[0, 5], scores[1, :4], scores[2, :12] = 1, [9, 8, 7, 6], np.arange(12, 0, -1)
    held = Validation(
        target=np.array([5, 3, 11], np.int32),
        transitions=lambda share, damping, decay: scores,  # noqa: ARG005
        affinity=lambda decay: np.zeros_like(scores),  # noqa: ARG005
        popularity=np.zeros(30, np.float32),
        seen_rows=np.zeros(0, np.int64),
        seen_items=np.zeros(0, np.int32),
    )
    gains = 1 / np.log2(1 + np.array([1, 4, 12]))
    assert held.quality(Settings()) == pytest.approx((gains[:2].sum() + gains.sum()) / 6)


def test_settings_survive_json() -> None:
    settings = Settings(affinity_decay=np.inf, seen_weight=-2.0, context_weights={"DEVICE": 0.5})
    assert Settings.from_facts(json.loads(json.dumps(settings.facts()))) == settings


def test_standardising_silences_what_does_not_vary() -> None:
    rows = standardised_rows(np.array([[3, 3, 3], [0, 1, 2]], np.float32))
    np.testing.assert_allclose(rows, [[0, 0, 0], [-1.2247449, 0, 1.2247449]], rtol=1e-6)
    assert spread(np.array([2.0, 4.0]), 4) == pytest.approx((1.5, np.sqrt(11 / 4)))
    assert spread(np.zeros(3), 3) == (0.0, np.inf)


def test_the_newest_event_has_strength_one() -> None:
    np.testing.assert_allclose(recency(3, 2.0), np.exp([-1, -0.5, 0]), rtol=1e-6)
    assert recency(3, np.inf).tolist() == [1, 1, 1]
