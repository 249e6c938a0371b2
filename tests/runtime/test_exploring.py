"""Which items may be tried out, by what is known of them."""

from __future__ import annotations

from math import inf
from typing import Any

import numpy as np
import pytest

from personalize_local.datasets._arrow import pa
from personalize_local.datasets.catalogue import Catalogue
from personalize_local.datasets.evidence import Evidence
from personalize_local.datasets.held import Held, row_table
from personalize_local.engine import exploration
from personalize_local.recipes.base import Model, Query
from personalize_local.recipes.learned import Learned
from personalize_local.runtime import exploring
from personalize_local.runtime.exploring import MixingItems, Plan, Relevant, best, plan_items
from tests.datasets.helpers import ITEM, schema
from tests.recipes.worlds import two_tastes

READ = schema(
    "Items",
    ITEM,
    {"name": "GENRE", "type": ["null", "string"], "categorical": True},
    {"name": "CREATION_TIMESTAMP", "type": "long"},
)
DAY = 86_400
LATEST = 100 * DAY


@pytest.fixture(scope="module")
def model() -> Model:
    from personalize_local.recipes import RECIPES
    from personalize_local.recipes.base import TrainingParameters

    return RECIPES["aws-user-personalization-v2"].train(two_tastes(), TrainingParameters()).model


def evidence(**items: tuple[int, int, float]) -> Evidence:
    """Interactions, impressions in vain and the day of the oldest interaction, by item."""
    had, shown, days = ([row[place] for row in items.values()] for place in range(3))
    return Evidence(
        ids=pa.array(list(items), pa.large_string()),
        interactions=np.array(had, np.int64),
        shown=np.array(shown, np.int64),
        oldest=np.array(days) * DAY,
        newest=LATEST,
    )


def catalogue(**items: tuple[str, float]) -> Catalogue:
    """The genre and the day of the creation of items."""
    rows: list[dict[str, str | int]] = [
        {"ITEM_ID": id_, "GENRE": genre, "CREATION_TIMESTAMP": int(day * DAY)} for id_, (genre, day) in items.items()
    ]
    return Catalogue(Held(schema=READ, tables=(row_table(READ, rows),)))


TRAINED = {f"{taste}{number}": (5, 0, 1.0) for taste in "ab" for number in range(10)}


def learned(model: Model, newest: float = LATEST) -> Learned:
    """Five interactions with each item of the model."""
    return Learned(interactions=np.full(len(model.items), 5), newest=newest)


def plan(model: Model, now: Evidence, **more: Any) -> Plan:
    given = {"learned": learned(model), "catalogue": None, "excluded": (), "days": 30.0, "impressions": True}
    return plan_items(model, "training", evidence=now, **{**given, **more})


def tried(found: Plan) -> dict[str, float]:
    return dict(zip(found.items.strings(found.candidates.items), found.candidates.evidence.tolist(), strict=True))


def test_the_age_is_that_of_the_item_else_of_its_first_interaction_else_that_of_the_training(model: Model) -> None:
    now = evidence(**{**TRAINED, "a1": (5, 0, 71.0), "a2": (5, 0, 69.0), "x": (2, 0, 90.0), "y": (2, 0, 60.0)})
    assert set(tried(plan(model, now))) == {"a1", "x"}
    items = catalogue(a1=("a", 1), a2=("a", 70), y=("a", 99), z=("a", 10), w=("a", 80))
    assert set(tried(plan(model, now, catalogue=items))) == {"a2", "x", "y", "w"}
    unseen = {**TRAINED, "a3": (0, 0, inf)}
    assert set(tried(plan(model, evidence(**unseen)))) == {"a3"}
    assert tried(plan(model, evidence(**unseen), learned=learned(model, 60.0 * DAY))) == {}
    assert set(tried(plan(model, now, days=40.0))) == {"a1", "a2", "x", "y"}


def test_evidence_counts_impressions_where_the_recipe_does(model: Model) -> None:
    now = evidence(**TRAINED, x=(2, 3, 99.0), shown=(0, 9, inf))
    assert tried(plan(model, now)) == {"x": 5.0}
    assert tried(plan(model, now, impressions=False)) == {"x": 2.0}


def test_new_items_are_in_the_order_of_their_ids_and_name_the_plan(model: Model) -> None:
    one, other = (evidence(**TRAINED, **dict.fromkeys(ids, (1, 0, 99.0))) for ids in ("zyx", "xyz"))
    first, second = plan(model, one), plan(model, other)
    known = len(model.items)
    assert first.items.strings(np.arange(known, known + 3)) == ["x", "y", "z"]
    assert first.name == second.name != "training"
    assert plan(model, evidence(**TRAINED, x=(1, 0, 99.0))).name not in (first.name, "training")
    assert plan(model, evidence(**TRAINED)).name == "training"


def test_without_exploration_only_what_was_learned_comes_and_its_scores_stay(model: Model) -> None:
    known = np.arange(len(model.items)) % 3 > 0
    query = Query(user_id="u1")
    natural, shares = model.scores(query).top(len(known))
    relevant = Relevant(trained=model, known=known)
    items, probabilities, new = best(relevant, query, 500, None)
    assert items.tolist() == [item for item in natural.tolist() if known[item]]
    assert probabilities.tolist() == [share for item, share in zip(natural, shares, strict=True) if known[item]]
    assert not len(new)
    allowed = np.arange(len(known)) < 6
    assert set(best(relevant, query, 500, allowed)[0].tolist()) == {1, 2, 4, 5}


def test_there_is_an_end_to_new_items(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exploring, "MOST_ITEMS", len(model.items) + 2)
    assert set(tried(plan(model, evidence(**TRAINED, z=(1, 0, 99.0), x=(1, 0, 99.0), y=(1, 0, 99.0))))) == {"x", "y"}


def test_new_items_are_like_learned_ones_of_their_metadata(model: Model) -> None:
    rows = {id_: (id_[0], 1.0) for id_ in TRAINED}
    items = catalogue(**rows, new=("a", 99.0))
    found = plan(model, evidence(**TRAINED), catalogue=items)
    near = found.items.strings(found.candidates.alike[0])
    assert {id_[0] for id_, likeness in zip(near, found.candidates.likeness[0], strict=True) if likeness > 0} == {"a"}
    assert found.candidates.likeness[0].max() > 0.5
    blind = plan(model, evidence(**TRAINED), catalogue=items, excluded=("genre",))
    assert blind.candidates.likeness.sum() == 0


def test_likes_are_looked_for_for_the_newest_alone(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exploration, "MOST_JUDGED", 1)
    rows = {id_: (id_[0], 1.0) for id_ in TRAINED}
    found = plan(model, evidence(**TRAINED), catalogue=catalogue(**rows, x=("a", 98.0), y=("a", 99.0), z=("a", 97.0)))
    judged = found.items.strings(found.candidates.items[found.candidates.judged])
    assert judged == ["y", "x", "z"]
    assert (found.candidates.likeness.sum(axis=1) > 0).tolist() == [True, False, False]


def test_what_is_explored_without_settings_leaves_the_best_and_may_be_filtered(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exploring, "ITEM_SHARE", 0.05)
    found = plan(model, evidence(**TRAINED, **{f"x{number}": (1, 0, 99.0) for number in range(9)}))
    mixing = MixingItems(trained=model, plan=found, chance="0")
    allowed = np.ones(len(found.items), np.bool_)
    allowed[-5:] = False
    seen: set[str] = set()
    for number in range(300):
        query = Query(user_id=f"u{number}")
        natural, _ = model.scores(query).top(20)
        items, shares, new = best(mixing, query, 20, allowed)
        assert items[0] == natural[0]
        assert len(items) == 20
        assert (np.diff(shares) <= 0).all()
        assert set(items.tolist()) - set(natural.tolist()) == set(new.tolist())
        assert len(best(mixing, query, 1, allowed)[2]) == 0
        seen |= set(mixing.items.strings(new))
    assert seen
    assert seen <= {f"x{number}" for number in range(4)}
