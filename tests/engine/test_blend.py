"""The blend finds out on held-out events which signal tells what comes next."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from personalize_local.engine.blend import Settings, Validation, choose_settings, recency, repeats, softened, spread

USERS, ITEMS = 300, 60


def held_out(target: np.ndarray, n_items: int, **signals: object) -> Validation:
    """A validation whose pools are the whole catalogue; signals [users, items] are flattened."""
    users = len(target)
    nothing = np.zeros(users * n_items, np.float32)
    parts: dict[str, object] = {
        "transitions": nothing,
        "affinity": nothing,
        "popularity": nothing,
        "seen": nothing,
        "repeated": nothing,
    }
    parts |= {name: signal.ravel() if isinstance(signal, np.ndarray) else signal for name, signal in signals.items()}
    moves, likes, again = (parts.pop(name) for name in ("transitions", "affinity", "repeated"))
    return Validation(
        starts=np.arange(users) * n_items,
        row=np.repeat(np.arange(users, dtype=np.int32), n_items),
        own=np.arange(users) * n_items + target,
        rest=np.zeros(users, np.int64),
        transitions=lambda *setting: moves,  # type: ignore[arg-type,return-value]  # noqa: ARG005
        affinity=lambda *setting: likes,  # type: ignore[arg-type,return-value]  # noqa: ARG005
        repeated=lambda decay: again,  # type: ignore[arg-type,return-value]  # noqa: ARG005
        **parts,  # type: ignore[arg-type]
    )


def marked(items: np.ndarray) -> np.ndarray:
    """1 at one item of each user."""
    found = np.zeros((USERS, ITEMS), np.float32)
    found[np.arange(USERS), items] = 1.0
    return found


def validation(telling: str, noise_seed: int = 0, context: bool = False) -> Validation:
    """Signals of noise, of which ``telling`` alone points at the held-out item."""
    random = np.random.default_rng(noise_seed)
    target = random.integers(0, ITEMS, USERS).astype(np.int32)

    def signal(name: str) -> np.ndarray:
        scores = random.normal(size=(USERS, ITEMS)).astype(np.float32)
        scores[np.arange(USERS), target] += 4.0 * (name == telling)
        return (scores - scores.mean(axis=1, keepdims=True)) / scores.std(axis=1, keepdims=True)

    moves, likes = signal("transitions"), signal("affinity")
    popularity = np.bincount(target, minlength=ITEMS).astype(np.float32)
    seen = target if telling == "seen" else random.integers(0, ITEMS, USERS).astype(np.int32)
    return held_out(
        target,
        ITEMS,
        transitions=moves,
        affinity=likes,
        popularity=np.tile((popularity - popularity.mean()) / popularity.std(), (USERS, 1)),
        seen=marked(seen),
        context={"DEVICE": signal("context").ravel()} if context else {},
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
    never = replace(never, seen=marked((never.own % ITEMS + 1) % ITEMS).ravel())
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
    assert held.qualities(chosen).mean() >= held.qualities(start).mean()
    assert (chosen.transition_decay, chosen.affinity_decay) == (np.inf, np.inf)


def test_quality_is_that_of_the_places_of_the_held_out_items() -> None:
    scores = np.zeros((3, 30), np.float32)
    scores[0, 5], scores[1, :4], scores[2, :12] = 1, [9, 8, 7, 6], np.arange(12, 0, -1)
    held = held_out(np.array([5, 3, 11], np.int32), 30, transitions=scores)
    gains = 1 / np.log2(1 + np.array([1, 4, 12]))
    assert held.qualities(Settings()) == pytest.approx(gains * [1, 1, 0.5])


@pytest.mark.parametrize("noise_seed", range(4))
def test_what_noise_gains_changes_little(noise_seed: int) -> None:
    chosen = choose_settings(validation("nothing", noise_seed), Settings(), recency_weighted=True).facts()
    usual = Settings(temperature=chosen["temperature"]).facts()
    assert sum(chosen[name] != usual[name] for name in usual) <= 2


def test_softening_takes_the_root_of_what_is_positive_alone() -> None:
    signal = np.array([-4.0, 0.0, 0.25, 9.0], np.float32)
    assert softened(signal, 0.5).tolist() == [-4.0, 0.0, 0.5, 3.0]
    assert softened(signal, 1.0).tolist() == signal.tolist()


def test_nearness_and_periods_get_weight_where_they_tell_and_lose_it_where_they_mislead() -> None:
    held = validation("nothing")
    right, noise = marked(held.own % ITEMS).ravel() * 4, held.blended(Settings())
    near = replace(held, nearness=True, affinity=lambda _, __, share: np.float32(share) * right + noise)
    assert choose_settings(near, Settings(near_share=0.0), recency_weighted=True).near_share == 1.0
    period = replace(held, period=right)
    assert choose_settings(period, Settings(period_weight=0.0), recency_weighted=True).period_weight > 0
    wrong = replace(validation("affinity"), period=-right)
    assert choose_settings(wrong, Settings(), recency_weighted=True).period_weight < Settings().period_weight


def test_settings_survive_json() -> None:
    settings = Settings(affinity_decay=np.inf, seen_weight=-2.0, context_weights={"DEVICE": 0.5})
    assert Settings.from_facts(json.loads(json.dumps(settings.facts()))) == settings


def test_settings_of_models_that_knew_fewer_signals_mean_what_they_meant() -> None:
    facts = Settings().facts()
    for name in ("near_share", "exponent", "period_weight"):
        del facts[name]
    older = Settings.from_facts(facts)
    assert (older.near_share, older.exponent, older.period_weight) == (0.0, 1.0, 0.0)


def test_standardising_silences_what_does_not_vary() -> None:
    assert spread(np.array([2.0, 4.0]), 4) == pytest.approx((1.5, np.sqrt(11 / 4)))
    assert spread(np.zeros(3), 3) == (0.0, np.inf)


def test_the_newest_event_has_strength_one() -> None:
    np.testing.assert_allclose(recency(3, 2.0), np.exp([-1, -0.5, 0]), rtol=1e-6)
    assert recency(3, np.inf).tolist() == [1, 1, 1]


def test_what_comes_again_is_counted_by_how_lately_it_was_had() -> None:
    items, strengths = repeats(np.array([4, 2, 4], np.int32), 10.0)
    assert items.tolist() == [2, 4]
    np.testing.assert_allclose(strengths, np.log1p([np.exp(-0.1), 1 + np.exp(-0.2)]), rtol=1e-6)


def test_staples_are_raised_where_often_had_items_come_again() -> None:
    staples = validation("nothing")
    often = marked(staples.own % ITEMS).ravel() * 1.5
    staples = replace(staples, repeated=lambda decay: often)  # noqa: ARG005
    assert choose_settings(staples, Settings(), recency_weighted=True).repeat_weight > 0


def test_likeness_and_the_columns_of_users_get_weight_where_they_tell() -> None:
    held = validation("nothing")
    right, noise = marked(held.own % ITEMS).ravel() * 4, validation("nothing", 7).blended(Settings())
    telling = replace(held, content=lambda *setting: right, persons={"GROUP": noise})  # noqa: ARG005
    chosen = choose_settings(telling, Settings(), recency_weighted=True)
    assert chosen.content_weight > 0
    assert not chosen.person_weights.get("GROUP")
    chosen = choose_settings(replace(held, persons={"GROUP": right}), Settings(), recency_weighted=True)
    assert chosen.content_weight == 0
    assert chosen.person_weights["GROUP"] > 0
