"""Whether the signals that were planted into generated worlds are found, asked through the API.

Each world is asked with and without what carries its signal, beside the best that is possible: the ranking by the
chances by which the held-out items were drawn.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from _baselines import ndcg_of
from _emulated import HARDLY_ANY, NO_EXPLORATION, Emulator, Group, Table, place_in_answer
from _engine import training_data
from _interactions import CUT, Int64, Log, leave_last_out
from _planted import (
    CLASSES,
    DAY,
    END,
    TREND_INTERVAL,
    ActionWorld,
    Asked,
    World,
    action_world,
    best_places,
    cold_world,
    context_world,
    later_events,
    segments_world,
    trend_world,
    users_world,
)
from _targets import Target

RECIPE = "aws-user-personalization"
LIFTS = {"context": 1.2, "item metadata": 2.0, "item metadata, explored": 2.0, "user metadata": 1.5}
TRENDING, RECALL, AREA, OF_BEST = 0.8, 0.05, 0.8, 0.95
SLICE = 0.01
# Beside random answers: late items are 40 of 540, and a random one is as much to one's taste as any.
LATE_SHARE, LATE_TASTE = 0.05, 2.0
UPDATE_SECONDS = 7_200
_LIST = 25
_PAUSE_SECONDS = 0.3
_FRESH_TRIES = 20
_ACTION_USERS = 500
_ASKED = 400


def measure(served: Emulator) -> list[Target]:
    """Print what was found in each world; the targets."""
    print(f"planted signals\n{'asked':<64}{'NDCG@10':>9}{'HR@10':>8}")
    parts: tuple[Callable[[Emulator], Iterator[Target]], ...] = (
        context,
        cold_items,
        late_items,
        silent_users,
        trend,
        segments,
        actions,
    )
    return [target for part in parts for target in part(served)]


def context(served: Emulator) -> Iterator[Target]:
    """The device of the moment, for users whose choice depends on it."""
    world = context_world()
    group = served.group("context", world.tables)
    campaign = group.campaign(group.version(RECIPE), NO_EXPLORATION)
    dependent = [one for one in world.asked if one.planted]
    others = [one for one in world.asked if not one.planted]
    without = _shown("context: dependent users, without", _places(group, campaign, dependent))
    found = _shown("context: dependent users, with", _places(group, campaign, dependent, _device))
    _shown("context: dependent users, best possible", best_places(world, dependent))
    _shown("context: other users, without", _places(group, campaign, others))
    _shown("context: other users, with", _places(group, campaign, others, _device))
    yield _lift("context", found, without)


def _device(one: Asked) -> Mapping[str, Any]:
    return {"context": {"DEVICE": one.device}}


def cold_items(served: Emulator) -> Iterator[Target]:
    """New items that are known by their metadata alone: the order among them, and whether any is shown.

    Without any exploration they do not come; with next to none they come in the order of their relevance.
    """
    worlds = {
        "without metadata": cold_world(described=False),
        "with metadata": cold_world(described=True),
        "with a column of no use too": cold_world(described=True, dated=True),
    }
    ordered: list[float] = []
    explored: list[float] = []
    for number, (said, world) in enumerate(worlds.items()):
        group = served.group(f"cold-{number}", world.tables)
        version = group.version(RECIPE)
        campaigns = {"no": NO_EXPLORATION, "hardly any": HARDLY_ANY, "the default": None}
        arns = {name: group.campaign(version, config) for name, config in campaigns.items()}
        new = {"filterArn": group.filter(f"INCLUDE ItemID WHERE Items.CREATION_TIMESTAMP > {END - 2 * DAY}")}
        for gains, name in ((ordered, "hardly any"), (explored, "the default")):
            found = _places(group, arns[name], world.asked, partial(_always, new))
            gains.append(_shown(f"cold items: {name} exploration, {said}", found))
        if number == 1:
            _shown("cold items: best possible", best_places(world, world.asked))
            _exploration(group, arns, world)
    for said, number in (("with", 1), ("with a column of no use too", 2)):
        yield _lift("item metadata", ordered[number], ordered[0], said)
        yield _lift("item metadata, explored", explored[number], explored[0], said)


def _cold(world: World) -> list[str]:
    """The new items: all that anyone may want."""
    chances = zip(world.items, world.asked[0].chances.tolist(), strict=True)
    return [item for item, chance in chances if chance > 0]


def _always(more: Mapping[str, Any], _: Asked) -> Mapping[str, Any]:
    return more


def _exploration(group: Group, campaigns: Mapping[str, str], world: World) -> None:
    """Print how much of an answer is new, by how much is explored."""
    cold = set(_cold(world))
    asked = world.asked[:_ASKED]
    for said, campaign in campaigns.items():
        answers = [group.recommend(campaign, _LIST, userId=one.user) for one in asked]
        share = np.mean([[item in cold for item in answer] for answer in answers])
        hits = np.mean([one.wanted in answer for one, answer in zip(asked, answers, strict=True)])
        print(f"{f'cold items: share of {_LIST}, {said} exploration':<64}{share:>9.4f}{hits:>8.3f} hits")


def silent_users(served: Emulator) -> Iterator[Target]:
    """Users without history whose Users row says what they like."""
    gains = {}
    for described in (False, True):
        world = users_world(described=described)
        said = "with" if described else "without"
        group = served.group(f"users-{said}", world.tables)
        campaign = group.campaign(group.version(RECIPE), NO_EXPLORATION)
        gains[described] = _shown(f"users without history: {said} metadata", _places(group, campaign, world.asked))
        if described:
            _shown("users without history: best possible", best_places(world, world.asked))
    yield _lift("user metadata", gains[True], gains[False])


def late_items(served: Emulator) -> Iterator[Target]:
    """Items that are put after the training: none is shown before the update, then some, and those of one's taste."""
    world = cold_world(described=True)
    group = served.group("late", world.tables)
    campaign = group.campaign(group.version(RECIPE))
    late = {f"late{number}": number % CLASSES for number in range(2 * CLASSES)}
    group.put_items([(name, {"category": f"category{kind}", "creationTimestamp": END}) for name, kind in late.items()])
    shares, tastes, asked = [], [], world.asked[:_ASKED]
    for seconds in (UPDATE_SECONDS - 1, 1):
        served.wait(seconds)
        answers = settled(lambda: [group.recommend(campaign, _LIST, userId=one.user) for one in asked])
        shares.append(float(np.mean([[item in late for item in answer] for answer in answers])))
        for one, answer in zip(asked, answers, strict=True):
            tastes += [one.liking[late[item]] for item in answer if item in late]
    lift = CLASSES * float(np.mean(tastes)) if tastes else 0.0
    print(f"late items: share of {_LIST} before the update {shares[0]:.4f}, after {shares[1]:.4f};", end=" ")
    print(f"they are {lift:.2f} times as much to the taste of whom they are shown as any item")
    yield Target(title="late items: share of an answer", value=shares[1], side="at least", limit=LATE_SHARE)
    yield Target(title="late items: taste for them / for any", value=lift, side="at least", limit=LATE_TASTE)


def settled(ask: Callable[[], list[list[str]]]) -> list[list[str]]:
    """What is answered when it stays so: an update that takes long is done beside the answers."""
    before, after = None, ask()
    while before != after:
        time.sleep(_PAUSE_SECONDS)
        before, after = after, ask()
    return after


def trend(served: Emulator) -> Iterator[Target]:
    """Items that rise among popular ones that vary by chance: in what is imported, and in events that follow."""
    tables, planted, risers = trend_world()
    group = served.group("trend", tables)
    version = group.version(
        "aws-trending-now", featureTransformationParameters={"trend_discovery_frequency": TREND_INTERVAL}
    )
    campaign = group.campaign(version)
    share = _share(group.recommend(campaign, len(planted)), planted)
    plain = _share(_grown(tables[0], len(planted)), planted)
    print(f"trend: {share:.2f} of the list are planted; of the largest differences of counts {plain:.2f}")
    yield Target(title="trend: share of the planted items", value=share, side="at least", limit=TRENDING)
    both, found = planted | set(risers), []
    tracking = group.tracker()
    for user, events in later_events(risers, int(served.now())).items():
        group.stream(tracking, user, events)
    for seconds in (UPDATE_SECONDS - 1, 1):
        served.wait(seconds)
        (answer,) = settled(lambda: [group.recommend(campaign, len(both))])
        found.append(_share(answer, frozenset(risers)) * len(both) / len(risers))
    print(f"trend: of the items that rise in streamed events {found[0]:.2f} are listed before the update,", end=" ")
    print(f"{found[1]:.2f} after")
    yield Target(title="trend: risers of streamed events listed", value=found[1], side="at least", limit=TRENDING)


def _share(answer: Sequence[str], wanted: frozenset[str]) -> float:
    """How much of an answer is wanted."""
    return sum(item in wanted for item in answer) / len(answer)


def _grown(table: Table, most: int) -> list[str]:
    """The items whose count of the last day is the most above that of the day before."""
    counts: Counter[str] = Counter()
    for _, item, when in table.rows:
        age = (END - when) // DAY
        if age < 2:
            counts[item] += 1 - 2 * age
    return [item for item, _ in counts.most_common(most)]


def segments(served: Emulator) -> Iterator[Target]:
    """Users of an item's circle, among all users: by the service's metric, and asked for each item directly."""
    tables = segments_world()
    group = served.group("segments", tables)
    metrics = group.metrics(group.version("aws-item-affinity"))
    mine = _recall_of_interests(tables[0])
    print(f"segments: {dict(metrics)}; asked directly {mine:.4f}; of random users the recall is {SLICE:g}")
    recall = metrics["recall_at_1_percent"]
    yield Target(title="segments: recall_at_1_percent", value=recall, side="at least", limit=RECALL)
    yield Target(title="segments: recall of held-out last events", value=mine, side="at least", limit=RECALL)


def _recall_of_interests(table: Table) -> float:
    """The share of held-out last events whose users are among the 1 % that want their item the most."""
    from personalize_local.recipes import RECIPES
    from personalize_local.recipes.base import TrainingParameters
    from personalize_local.recipes.segments import interests

    split = leave_last_out(Log.from_rows([(str(user), str(item), int(when)) for user, item, when in table.rows]), 10**9)
    model = RECIPES["aws-item-affinity"].train(training_data(split.learned), TrainingParameters()).model
    numbers = model.items.indexes(split.learned.items)
    wanted = interests(model, [numbers[item : item + 1] for item in range(len(numbers))], split.asked)
    mine = wanted[np.arange(len(wanted)), split.truth]
    # A segment holds the users of the most interest in its item; equal interest counts against us.
    better = np.array([np.count_nonzero(wanted[:, item] >= own) for item, own in zip(split.truth, mine, strict=True)])
    return float((better <= SLICE * len(wanted)).mean())


def actions(served: Emulator) -> Iterator[Target]:
    """Propensities of actions, by the service's metric and against the planted ones on tries that were not learned."""
    world = action_world()
    group = served.group("actions", world.tables)
    version = group.version("aws-next-best-action")
    metrics = group.metrics(version)
    area = metrics["area_under_the_curve"]
    yield Target(title="actions: area_under_the_curve", value=area, side="at least", limit=AREA)
    asked = np.sort(np.random.default_rng(0).permutation(len(world.users))[:_ACTION_USERS])
    found = _propensities(group, group.campaign(version), world, asked)
    planted = world.propensity[asked]
    fresh = np.random.default_rng(1).random((_FRESH_TRIES, *planted.shape)) < planted
    mine, best = (_area(np.broadcast_to(scores, fresh.shape), fresh) for scores in (found, planted))
    print(f"actions: area on fresh tries {mine:.4f}, by the planted propensities {best:.4f};", end=" ")
    print(f"mean distance of the scores from the planted propensities {np.abs(found - planted).mean():.3f}")
    yield Target(title="actions: area on fresh tries", value=mine, side="at least", limit=AREA)
    yield Target(
        title="actions: area on fresh tries / best possible", value=mine / best, side="at least", limit=OF_BEST
    )


def _propensities(
    group: Group, campaign: str, world: ActionWorld, asked: Int64
) -> np.ndarray[Any, np.dtype[np.float64]]:
    """The scores [asked, actions] of GetActionRecommendations."""
    client = group.aws.client("personalize-runtime")
    number = {name: index for index, name in enumerate(world.actions)}
    found = np.zeros((len(asked), len(number)))
    for row, user in enumerate(asked.tolist()):
        answer = client.get_action_recommendations(
            campaignArn=campaign, userId=world.users[user], numResults=len(number)
        )
        for action in answer["actionList"]:
            found[row, number[action["actionId"]]] = action["score"]
    return found


def _area(scores: np.ndarray[Any, Any], taken: np.ndarray[Any, Any]) -> float:
    """The chance that a try that was taken has a higher score than one that was not; equal scores count half."""
    from scipy.stats import rankdata

    ranks, right = rankdata(scores.ravel()), taken.ravel()
    many, few = int(right.sum()), int((~right).sum())
    return float((ranks[right].sum() - many * (many + 1) / 2) / (many * few))


def _places(
    group: Group,
    campaign: str,
    asked: tuple[Asked, ...] | list[Asked],
    more: Callable[[Asked], Mapping[str, Any]] = lambda _: {},
) -> Int64:
    """Where the wanted item of each one is in the answer of a campaign, without what he had."""
    found = []
    for one in asked:
        answer = group.recommend(campaign, CUT + len(one.had), userId=one.user, **more(one))
        found.append(place_in_answer(answer, one.wanted, one.had))
    return np.array(found)


def _shown(title: str, found: Int64) -> float:
    ndcg = float(ndcg_of(found).mean())
    print(f"{title:<64}{ndcg:>9.4f}{float((found < CUT).mean()):>8.3f}", flush=True)
    return ndcg


def _lift(signal: str, found: float, without: float, said: str = "with") -> Target:
    # Without any hit there is nothing to divide by: one thousandth stands for it.
    value = found / max(without, 0.001)
    return Target(title=f"{signal}: NDCG@10 {said} / without", value=value, side="at least", limit=LIFTS[signal])
