"""How well a campaign ranks what users did next, asked through the API, beside the single methods that it blends.

``python benchmarks/quality.py [FOLDER]`` measures ml-latest-small (FOLDER holds it; else the one that ``BENCH_DATA``
names, or ``../shared/data`` beside the checkout), users whom the training has not seen, and generated worlds with
planted signals. ``--new-users`` measures the second alone. ``--data FILE`` measures any file of interactions instead:
columns are found by the header's names or given as ``--columns USER,ITEM,TIME``, times are epoch seconds, milliseconds
or ISO 8601. Users and items with fewer than ``--core`` interactions are left out until none is left. All settings are
the defaults, for all data the same.

Everything is imported but the last event of each user; then GetRecommendations is asked for it, and what the user has
already is dropped from the answer, unless items come again in these data (``--seen``). Rows that the service would take
for one, since nothing but their place in the file tells them apart, are imported a second apart. One row is of a
campaign with the default exploration, which gives places to items that little is known of; the row that is judged is
without, as all single methods are. An answer holds 500 items at
most, so a user who has had more than that may be shown fewer than ten others: such users count as misses. ``--engine``
asks the model itself instead of a server, which is faster and shows the table alone; with ``--seeds N`` it trains N
times, for the settings that a training chooses depend on the users that its seed holds out.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before numpy is loaded
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from _baselines import Figures, arguments, baselines, heading, line, opened, places, split_of
from _emulated import MOST, NO_EXPLORATION, Emulator, Group, emulator, interactions, place_in_answer
from _engine import model_scores, training_data
from _interactions import Int64, Split
from _planted import END
from _targets import LEFT_OUT, Target

ROOT = Path(__file__).resolve().parents[1]
POPULAR, PERSONAL = "aws-popularity-count", "aws-user-personalization"
NDCG, HIT_PERCENT = 0.080, 14.3
NDCG_HOPED = 0.088
OVER_SINGLE = 0.95
PARTS = ("table", "newcomers", "planted")


def campaign_places(group: Group, campaign: str, split: Split) -> Int64:
    """Where the truth of each asked user is in the answers of a campaign."""
    log, seen, found = split.learned, split.seen(), []
    for user, truth in zip(split.asked.tolist(), split.truth.tolist(), strict=True):
        answer = group.recommend(campaign, min(MOST, len(log.items)), userId=log.users[user])
        had = {log.items[item] for item in seen[user].tolist()}
        found.append(place_in_answer(answer, log.items[truth], had))
    return np.array(found)


def through_api(served: Emulator, split: Split) -> Iterator[Figures]:
    """What the campaigns of the emulator reach."""
    group = served.group("last-events", [interactions(split.learned)])
    campaign = group.campaign(group.version(POPULAR))
    yield Figures.of(f"{POPULAR} (API)", campaign_places(group, campaign, split))
    version = group.version(PERSONAL)
    exploring = campaign_places(group, group.campaign(version), split)
    yield Figures.of(f"{PERSONAL}, exploring", exploring)
    yield Figures.of(f"{PERSONAL} (API)", campaign_places(group, group.campaign(version, NO_EXPLORATION), split))


def through_engine(split: Split, seeds: int) -> Iterator[Figures]:
    """What the models of the recipes reach when they are asked without a server.

    The last recipe is trained with each of ``seeds`` seeds, from 0 on; more than one end with their mean.
    """
    from personalize_local.recipes import RECIPES
    from personalize_local.recipes.base import TrainingParameters

    log = split.learned
    data = training_data(log)
    found: list[Figures] = []
    for recipe, seed in ((POPULAR, 0), *((PERSONAL, seed) for seed in range(seeds))):
        began = time.process_time()
        model = RECIPES[recipe].train(data, TrainingParameters(seed=seed)).model
        spent = time.process_time() - began
        title = f"{recipe}, seed {seed}" if seeds > 1 and recipe == PERSONAL else recipe
        found.append(Figures.of(title, places(split, partial(model_scores, model, log)), spent))
        yield found[-1]
    if seeds > 1:
        yield Figures.mean(f"{PERSONAL}, mean", found[1:])


def table(split: Split, mine: Iterator[Figures]) -> tuple[Figures, Target]:
    """Print the table of single methods and ours; our last row, and the target that holds for all data."""
    print(heading(split), flush=True)
    single: list[Figures] = []
    for row in baselines(split):
        print(line(row), flush=True)
        single.append(row)
    best = max(single, key=lambda row: row.ndcg)
    for row in mine:
        print(line(row), flush=True)
    print(f"best single method: {best.method}")
    return row, Target(title="NDCG@10 / best single", value=row.ndcg / best.ndcg, side="at least", limit=OVER_SINGLE)


def of_reference(row: Figures) -> list[Target]:
    """The targets of ml-latest-small alone."""
    print(f"hoped for: NDCG@10 of {NDCG_HOPED:g}: {'reached' if row.ndcg >= NDCG_HOPED else 'not yet'}")
    return [
        Target(title="NDCG@10", value=row.ndcg, side="at least", limit=NDCG),
        Target(title="HR@10 in percent", value=100 * row.hit_rate, side="at least", limit=HIT_PERCENT),
    ]


def reference(given: str | None) -> Path | None:
    """The ratings of ml-latest-small, where they are; ``given`` is the folder that the command line names."""
    folder = given or os.environ.get("BENCH_DATA", "")
    path = (Path(folder) if folder else ROOT.parent / "shared" / "data") / "ml-latest-small" / "ratings.csv"
    return path if path.is_file() else None


def show(targets: Sequence[Target]) -> bool:
    """Print targets; whether all are met."""
    for target in targets:
        print(target, flush=True)
    return all(target.is_met for target in targets)


def by_engine(path: Path, given: argparse.Namespace) -> bool:
    """The table without a server; whether its targets are met."""
    split = split_of(opened(path, given), given)
    row, over = table(split, through_engine(split, given.seeds))
    return show([over] if given.data else [over, *of_reference(row)])


def by_api(path: Path | None, given: argparse.Namespace) -> bool:
    """All parts that are asked for, through the API; whether their targets are met."""
    import quality_newcomers
    import quality_planted

    parts = given.part or (("table",) if given.data else PARTS)
    met = []
    if path is not None and {"table", "newcomers"} & set(parts):
        with emulator() as served:
            log = opened(path, given)
            if "table" in parts:
                split = split_of(log, given)
                row, over = table(split, through_api(served, split))
                met.append(show([over] if given.data else [over, *of_reference(row)]))
            if "newcomers" in parts:
                met.append(show(quality_newcomers.measure(served, log)))
    if "planted" in parts:
        with emulator(clock=END) as served:
            met.append(show(quality_planted.measure(served)))
    return all(met)


def main() -> int:
    """Measure and print; 1 when a target is missed."""
    parser = argparse.ArgumentParser(description="How well a campaign ranks what users did next.")
    parser.add_argument("folder", nargs="?", help="the folder that holds ml-latest-small")
    parser.add_argument("--data", type=Path, help="a file of interactions to measure instead")
    parser.add_argument("--engine", action="store_true", help="ask the model without a server; only the table")
    parser.add_argument("--seeds", type=int, default=1, help="with --engine: train with so many seeds, judge the mean")
    parser.add_argument("--part", choices=PARTS, action="append", help="only this part of the default run")
    parser.add_argument("--new-users", dest="part", action="append_const", const="newcomers", help="--part newcomers")
    arguments(parser)
    given = parser.parse_args()
    path = given.data or reference(given.folder)
    if path is None:
        print(f"{LEFT_OUT}there is no ml-latest-small/ratings.csv; say where: FOLDER or BENCH_DATA")
    if given.engine:
        return int(path is not None and not by_engine(path, given))
    return int(not by_api(path, given))


if __name__ == "__main__":
    sys.exit(main())
