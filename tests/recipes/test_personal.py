"""The personal recipes find tastes, sequences, repeats and contexts, in small catalogues and in large ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from personalize_local.engine.data import Int32
from personalize_local.engine.scores import Scores
from personalize_local.recipes import RECIPES, _personal_training
from personalize_local.recipes._personal_model import PersonalModel
from personalize_local.recipes.base import Model, Query, Trained, TrainingParameters
from tests.recipes.worlds import TrainingData, chain, random_world, two_tastes, world

NAMES = ["aws-personalized-ranking", "aws-user-personalization"]
RECIPE = RECIPES["aws-user-personalization"]


def train(
    data: TrainingData,
    algorithm: Mapping[str, str] | None = None,
    features: Mapping[str, str] | None = None,
    name: str = "aws-user-personalization",
) -> Trained:
    parameters = TrainingParameters(algorithm=algorithm or {}, feature_transformation=features or {})
    return RECIPES[name].train(data, parameters)


def best(model: Model, k: int, **query: object) -> list[str]:
    items, _ = model.scores(Query(**query)).top(k)  # type: ignore[arg-type]  # the fields of a query
    return model.items.strings(items)


@pytest.mark.parametrize("name", NAMES)
def test_a_taste_is_recognised_from_the_stored_history_and_from_streamed_events(name: str) -> None:
    data = two_tastes()
    model = train(data, name=name).model
    # Nobody has an item twice in this world: the model learns to put the six that a user had last.
    assert {item[0] for item in best(model, 4, user_id="u0")} == {"a"}
    assert {item[0] for item in best(model, 4, user_id="u1")} == {"b"}
    assert {item[0] for item in best(model, 8, user_id="a stranger", events=["a3", "a5"])} == {"a"}
    assert {item[0] for item in best(model, 9, user_id="a session", events=["b1", "never heard of"])} == {"b"}


@pytest.mark.parametrize("name", NAMES)
def test_a_list_is_put_in_the_order_of_the_taste(name: str) -> None:
    model = train(two_tastes(), name=name).model
    items = model.items.indexes(["a1", "b1", "a2", "b2"])
    order, probabilities = model.scores(Query(events=["b5", "b6"])).rank(items)
    assert set(order[:2].tolist()) == {1, 3}
    assert probabilities.sum() == pytest.approx(1)


def test_the_next_link_of_a_chain_comes_first() -> None:
    data = chain()
    model = train(data).model
    for user in ("u0", "u7", "u23"):
        walked = data.items.strings(data.interactions.item[data.interactions.user == data.users.get(user)])
        following = f"c{(int(walked[-1][1:]) + 1) % 20:05d}"
        assert best(model, 1, user_id=user) == [following]
    assert best(model, 1, events=["c00003", "c00004"]) == ["c00005"]


def test_a_streamed_event_moves_the_answer_of_its_user() -> None:
    model = train(two_tastes()).model
    before = best(model, 4, user_id="u0")
    after = best(model, 4, user_id="u0", events=["b1", "b2", "b3", "b4", "b5"])
    assert {item[0] for item in before} == {"a"}
    assert {item[0] for item in after} == {"b"}


def test_a_chain_that_is_known_is_foretold_for_users_who_were_set_apart() -> None:
    metrics = train(chain(n_users=300)).metrics
    assert metrics["mean_reciprocal_rank_at_25"] > 0.9
    assert metrics["normalized_discounted_cumulative_gain_at_5"] > 0.9


def test_items_that_come_again_and_again_are_recommended_again() -> None:
    random = np.random.default_rng(0)
    habits = [[f"h{item}" for item in np.repeat(random.choice(40, 2, replace=False), 6)] for _ in range(200)]
    for habit in habits:
        random.shuffle(habit)
    model = train(world(habits)).model
    for user in range(10):
        assert set(best(model, 2, user_id=f"u{user}")) == set(habits[user])


@pytest.fixture(scope="module")
def devices() -> TrainingData:
    """Items m* are mostly chosen on the phone, items t* on the television, by everyone."""
    random = np.random.default_rng(0)
    histories: list[list[str]] = []
    places: list[list[str]] = []
    for _ in range(150):
        on_phone = random.random(12) < 0.5
        places.append(["phone" if phone else "tv" for phone in on_phone])
        histories.append([f"{'mt'[int(phone)]}{random.integers(0, 10)}" for phone in ~on_phone])
    # "m" on the phone: the index of "mt" is 0 there.
    return world(histories, context={"DEVICE": places})


@pytest.mark.parametrize("query", [{"user_id": "u3"}, {}, {"events": ["m1", "t2"]}], ids=["user", "nobody", "session"])
def test_context_moves_the_answer_when_the_data_says_so(devices: TrainingData, query: dict[str, object]) -> None:
    model = train(devices).model
    phone = best(model, 8, context={"DEVICE": "phone"}, **query)
    tv = best(model, 8, context={"DEVICE": "tv"}, **query)
    assert sum(item[0] == "m" for item in phone) >= 7
    assert sum(item[0] == "t" for item in tv) >= 7
    unknown = best(model, 8, context={"DEVICE": "watch"}, **query)
    assert unknown == best(model, 8, **query)


def test_context_that_tells_nothing_moves_nothing_for_who_has_a_history() -> None:
    data = chain(n_users=200)
    random = np.random.default_rng(0)
    histories = [
        data.items.strings(data.interactions.item[data.interactions.user == user]) for user in range(len(data.users))
    ]
    noise = [[("x", "y")[value] for value in random.integers(0, 2, len(history))] for history in histories]
    model = train(world(histories, context={"NOISE": noise})).model
    assert best(model, 5, user_id="u0", context={"NOISE": "x"}) == best(model, 5, user_id="u0", context={"NOISE": "y"})


@pytest.fixture(scope="module")
def large() -> Trained:
    """A chain over more items than EASE is made for."""
    return train(chain(n_users=1200, n_items=5200, length=20))


def test_a_large_catalogue_is_answered_from_candidates(large: Trained) -> None:
    model = large.model
    assert isinstance(model, PersonalModel)
    assert "affinity.weights" not in model.arrays()[0]
    assert best(model, 1, events=["c00100", "c00101"]) == ["c00102"]
    items, probabilities = model.scores(Query(user_id="u1")).top(300)
    assert len(set(items.tolist())) == 300
    assert list(probabilities) == sorted(probabilities, reverse=True)
    assert large.metrics["mean_reciprocal_rank_at_25"] > 0.8


def test_sparse_answers_are_a_distribution_over_the_whole_catalogue(large: Trained) -> None:
    scores = large.model.scores(Query(user_id="u5"))
    _, probabilities = scores.top(len(large.model.items))
    assert probabilities.sum() == pytest.approx(1)
    np.testing.assert_allclose(np.sort(np.exp(scores.dense() - scores.dense().max()))[-5:][::-1] / probabilities[:5],
                               1 / probabilities[0], rtol=1e-6)  # fmt: skip


def facts(algorithm: Mapping[str, str]) -> tuple[PersonalModel, Sequence[str]]:
    model = train(random_world(5, n_users=200, n_items=200), algorithm).model
    assert isinstance(model, PersonalModel)
    return model, best(model, 20, user_id="u1")


def test_hidden_dimension_is_the_number_of_followers_kept_per_item() -> None:
    for width in ("32", "64"):
        model, _ = facts({"hidden_dimension": width})
        assert model.transitions.indexes.shape[1] == int(width)


def test_bptt_is_how_far_back_a_history_is_read() -> None:
    data = two_tastes()
    old, new = ["b1", "b2", "b3", "b4"], ["a1", "a2"]
    short, long = (train(data, {"bptt": window}).model for window in ("2", "32"))
    read = [model.scores(Query(events=old + new)).dense() for model in (short, long)]
    alone = [model.scores(Query(events=new)).dense() for model in (short, long)]
    seen = data.items.indexes(old)
    others = np.setdiff1d(np.arange(len(data.items)), seen)
    np.testing.assert_allclose(read[0][others], alone[0][others], rtol=1e-5, atol=1e-5)
    assert np.abs(read[1][others] - alone[1][others]).max() > 0.05


def test_without_recency_mask_the_order_of_a_history_does_not_matter() -> None:
    data = two_tastes()
    events = ["a1", "b2", "a3", "b4", "b5"]
    on, off = (train(data, {"recency_mask": value}).model for value in ("true", "false"))
    read = [[model.scores(Query(events=row)).dense() for row in (events, events[::-1])] for model in (on, off)]
    assert np.abs(read[0][0] - read[0][1]).max() > 0.05
    np.testing.assert_allclose(read[1][0], read[1][1], atol=1e-4)


@pytest.mark.parametrize(
    ("features", "kept", "left_out"),
    [
        ({"max_user_history_length_percentile": "0.85"}, "few", "many"),
        ({"min_user_history_length_percentile": "0.95"}, "many", "few"),
    ],
    ids=["too long", "too short"],
)
def test_users_outside_the_percentiles_teach_nothing_and_are_served(
    features: dict[str, str], kept: str, left_out: str
) -> None:
    random = np.random.default_rng(0)
    few = [[f"few{item}" for item in random.permutation(8)[:3]] for _ in range(90)]
    many = [[f"many{item}" for item in random.integers(0, 8, 60)] for _ in range(10)]
    model = train(world(few + many), features=features).model
    assert isinstance(model, PersonalModel)
    popularity = dict(zip(model.items, model.popularity.tolist(), strict=True))
    assert max(value for item, value in popularity.items() if item.startswith(left_out)) < min(
        value for item, value in popularity.items() if item.startswith(kept)
    )
    served = model.history(Query(user_id="u0" if left_out == "few" else "u99"))
    assert all(item.startswith(left_out) for item in model.items.strings(served))
    assert len(served)


def test_a_history_is_the_stored_part_and_then_the_streamed_one_at_most_a_hundred() -> None:
    data = world([[f"i{step % 7}" for step in range(130)], ["i1"]])
    model = train(data).model
    assert isinstance(model, PersonalModel)
    full = model.items.strings(model.history(Query(user_id="u0", events=["i3", "gone", "i5"])))
    assert full == [*[f"i{step % 7}" for step in range(32, 130)], "i3", "i5"]
    assert model.items.strings(model.history(Query(user_id="u1", events=["i0"] * 200))) == ["i0"] * 100
    assert not len(model.history(Query(user_id="a stranger")))


@pytest.fixture(scope="module")
def seasons() -> TrainingData:
    """A staple, and other items that depend on the time alone: a* first, then b*, c* and d*."""
    random = np.random.default_rng(0)
    return world(
        [
            ["staple" if random.random() < 0.3 else f"{'abcd'[step // 4]}{random.integers(0, 9)}" for step in range(16)]
            for _ in range(200)
        ]
    )


def letters(model: PersonalModel, **query: object) -> list[str]:
    return [item[0] for item in best(model, 7, **query) if item != "staple"]


def test_what_was_liked_at_the_time_of_the_newest_event_is_raised(seasons: TrainingData) -> None:
    model = train(seasons).model
    assert isinstance(model, PersonalModel)
    assert model.settings.period_weight > 0
    begin = model.last_times.max() - 15 * 60
    for part, letter in enumerate("abcd"):
        answer = letters(model, events=["staple"], time=begin + 60.0 * (4 * part + 1))
        assert answer.count(letter) >= 4


def test_the_time_of_a_known_user_is_that_of_his_newest_event(seasons: TrainingData) -> None:
    model = train(seasons).model
    assert isinstance(model, PersonalModel)
    user = model.histories.of(0)
    known = model.scores(Query(user_id="u0")).dense()
    at_that_time = model.scores_of(user, user=0, time=float(model.last_times[0])).dense()
    np.testing.assert_array_equal(known, at_that_time)
    assert np.abs(known - model.scores_of(user, user=0).dense()).max() > 0.1


def test_without_recency_time_does_not_count(seasons: TrainingData) -> None:
    model = train(seasons, {"recency_mask": "false"}).model
    assert isinstance(model, PersonalModel)
    first, last = (letters(model, events=["staple"], time=time) for time in (0.0, 2e9))
    assert first == last


def test_held_out_events_do_not_tell_their_own_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last event of each user is of the last season, all before it of the first: what was liked when is no help."""
    random = np.random.default_rng(0)
    histories = [[f"a{item}" for item in random.permutation(30)[:8]] + ["staple"] * 7 for _ in range(200)]
    data = world([[*history, f"d{random.integers(0, 30)}"] for history in histories])
    seen: list[object] = []
    plain = _personal_training.build_validation

    def kept(*positional: object, **named: object) -> object:
        seen.append(named["period"])
        return plain(*positional, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(_personal_training, "build_validation", kept)
    train(data)
    column, codes = seen[0]  # type: ignore[misc]
    staples = {column.part(1_700_000_000 + 60.0 * step) for step in range(8, 15)}
    assert set(codes.tolist()) <= staples


def test_metrics_know_the_user_and_the_time_of_what_he_had(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, float | None]] = []
    plain = PersonalModel.scores_of

    def kept(self: PersonalModel, history: Int32, **known: object) -> Scores:
        asked.append((known["user"], known["time"]))  # type: ignore[arg-type]
        return plain(self, history, **known)  # type: ignore[arg-type]

    monkeypatch.setattr(PersonalModel, "scores_of", kept)
    train(world([[f"i{(user + step) % 30}" for step in range(20)] for user in range(60)]))
    assert len(asked) == 6
    assert len({user for user, _ in asked}) == 6
    # Two of twenty events are asked for: the eighteenth is the newest that is known.
    assert {time for _, time in asked} == {1_700_000_000.0 + 60 * 17}


def test_without_recency_the_order_of_a_history_does_not_count() -> None:
    random = np.random.default_rng(3)
    own = random.integers(0, 12, (200, 3))
    staples = [[f"s{items[random.choice(3, p=[0.7, 0.2, 0.1])]}" for _ in range(16)] for items in own]
    model = train(world(staples), {"recency_mask": "false"}).model
    assert isinstance(model, PersonalModel)
    assert model.settings.repeat_weight > 0
    often, rarely = "s3", "s5"
    history = [often] * 4 + [rarely] * 2
    for events in (history, history[::-1]):
        items = model.items.indexes([often, rarely])
        first, second = model.scores(Query(events=events)).logits_of(items)
        assert first > second


def test_metrics_are_measured_on_as_much_of_a_history_as_is_served(monkeypatch: pytest.MonkeyPatch) -> None:
    lengths = []
    plain = PersonalModel.scores_of
    monkeypatch.setattr(
        PersonalModel,
        "scores_of",
        lambda self, history, **known: lengths.append(len(history)) or plain(self, history, **known),
    )
    train(world([[f"i{(user + step) % 30}" for step in range(130)] for user in range(40)]))
    assert max(lengths) == 100
