"""How well a campaign answers users whom its training has not seen, after a few streamed events.

The users are cut into ten folds. For each fold a campaign is trained without its users; then the last 1, 3 and 10
events before each one's held-out last are sent by PutEvents, each number under a user of its own, and
GetRecommendations is asked for the last. What the user had, sent or not, is left out of the answer.
"""

from __future__ import annotations

import numpy as np
from _baselines import ndcg_of
from _emulated import MOST, NO_EXPLORATION, Emulator, interactions, place_in_answer
from _interactions import CUT, Int64, Log
from _targets import Target

FOLDS = 10
MOST_USERS = 2_500
RECIPE = "aws-user-personalization"
TARGETS = {1: 3.0, 3: 4.0, 10: 4.5}
"""What the NDCG is to be, in times of popularity's, after so many events."""


def measure(served: Emulator, log: Log) -> list[Target]:
    """Print NDCG and hit rate by number of events; the targets."""
    order, starts = log.by_user()
    users = np.random.default_rng(0).permutation(np.flatnonzero(np.diff(starts) >= 2))[:MOST_USERS]
    print(f"new users: {len(users)} in {FOLDS} folds, absent from the training")
    found: dict[int, list[int]] = {0: [], **{number: [] for number in TARGETS}}
    for fold, asked in enumerate(np.array_split(users, FOLDS)):
        histories = [log.item[order[starts[user] : starts[user + 1]]] for user in asked]
        times = [log.time[order[starts[user] : starts[user + 1]]] for user in asked]
        learned = log.taken(~np.isin(log.user, asked))
        ranked = np.argsort(-np.bincount(learned.item, minlength=len(log.items)), kind="stable")
        popular = [log.items[item] for item in ranked.tolist()]
        group = served.group(f"fold-{fold}", [interactions(learned)])
        campaign, tracking = group.campaign(group.version(RECIPE), NO_EXPLORATION), group.tracker()
        for user, (history, when) in enumerate(zip(histories, times, strict=True)):
            names = [log.items[item] for item in history.tolist()]
            wanted, had = names[-1], set(names[:-1])
            found[0].append(place_in_answer(popular, wanted, had))
            for number in TARGETS:
                name = f"new-{user}-{number}"
                group.stream(tracking, name, list(zip(names, when.tolist(), strict=True))[:-1][-number:])
                answer = group.recommend(campaign, min(MOST, len(log.items)), userId=name)
                found[number].append(place_in_answer(answer, wanted, had))
    return _shown({number: np.array(all_places) for number, all_places in found.items()})


def _shown(found: dict[int, Int64]) -> list[Target]:
    popularity = float(ndcg_of(found[0]).mean())
    targets = []
    print(f"{'asked after':<36}{'NDCG@10':>9}{'HR@10':>8}")
    for number, all_places in found.items():
        ndcg, hits = float(ndcg_of(all_places).mean()), float((all_places < CUT).mean())
        title = f"{number} event{'s' * (number > 1)}" if number else "popularity"
        print(f"{title:<36}{ndcg:>9.4f}{hits:>8.3f}")
        if number:
            times = Target(
                title=f"new users after {title}, NDCG@10 / popularity's",
                value=ndcg / popularity,
                side="at least",
                limit=TARGETS[number],
            )
            targets.append(times)
    return targets
