"""Single methods on held-out last events: what the blend of the personal recipe has to reach.

Run it alone: ``python benchmarks/_baselines.py FILE``; ``--help`` tells how a file is read. Each method is
fitted without the last event of every user and ranks the whole catalogue for it, what the user had left out (but never
the truth itself). Equal scores are ordered by popularity.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before numpy is loaded

import numpy as np
from _interactions import CUT, Int64, Log, Split, leave_last_out, read
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

CORE = 5
REPEATS = 0.01  # share of held-out events of items had before from which items count as coming again
USERS = 5_000
_FACTORS, _ITERATIONS = 64, 15
_NEIGHBOURS = 200
_DECAY = 10.0  # events of a history after which its weight has fallen to a third
_EASE_ITEMS, _EASE_LAMBDA = 13_000, 500.0
_WINDOW, _SMOOTHING, _DAMPING = 10, 5.0, 0.25
_LAST, _LAST_DECAY = 10, 5.0
_AT_A_TIME = 256

Floats = NDArray[np.floating[Any]]
# Scores [users, items] of a block of users.
Scorer = Callable[[Int64], Floats]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What one method reached; ``seconds`` of one processor are those of its fit, None where that is not comparable."""

    method: str
    ndcg: float
    hit_rate: float
    seconds: float | None

    @classmethod
    def of(cls, method: str, found: Int64, spent: float | None = None) -> Figures:
        """The figures of the places of all truths."""
        gain, hits = float(ndcg_of(found).mean()), float((found < CUT).mean())
        return cls(method=method, ndcg=gain, hit_rate=hits, seconds=spent)

    @classmethod
    def mean(cls, method: str, rows: Sequence[Figures]) -> Figures:
        """The means of rows that all have their seconds."""
        ndcg, hits, spent = np.mean([(row.ndcg, row.hit_rate, row.seconds or 0.0) for row in rows], axis=0).tolist()
        return cls(method=method, ndcg=ndcg, hit_rate=hits, seconds=spent)


def ndcg_of(places: Int64) -> Floats:
    """The gain at 10 of truths at these places; the first is 0."""
    gains: Floats = np.where(places < CUT, 1.0 / np.log2(2.0 + places), 0.0)
    return gains


def places(split: Split, scorer: Scorer) -> Int64:
    """Where each asked user's truth is among the items that he had not."""
    popularity = np.bincount(split.learned.item, minlength=len(split.learned.items))
    rank = np.empty(len(popularity), np.int64)
    rank[np.argsort(-popularity, kind="stable")] = np.arange(len(popularity))
    seen, found = split.seen(), np.empty(len(split.asked), np.int64)
    for begin in range(0, len(split.asked), _AT_A_TIME):
        block = split.asked[begin : begin + _AT_A_TIME]
        scores = np.array(scorer(block), np.float64)
        for row, user in enumerate(block.tolist()):
            truth = split.truth[begin + row]
            mine, wanted = scores[row], scores[row, truth]
            mine[seen[user]] = -np.inf
            mine[truth] = wanted
            found[begin + row] = np.count_nonzero(mine > wanted)
            found[begin + row] += np.count_nonzero((mine == wanted) & (rank < rank[truth]))
    return found


class Histories:
    """Sparse rows of what users had, plain or with older events counting less."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._order, self._starts = log.by_user()

    def every(self) -> csr_matrix:
        """How often each user had each item."""
        from scipy.sparse import csr_matrix

        shape = (len(self._log.users), len(self._log.items))
        cells = (np.ones(len(self._log), np.float32), (self._log.user, self._log.item))
        return csr_matrix(cells, shape=shape)

    def of(self, users: Int64, decay: float = np.inf, last: int | None = None) -> csr_matrix:
        """Rows of ``users``, of their ``last`` events if given; one that n later ones follow counts exp(-n / decay)."""
        from scipy.sparse import csr_matrix

        rows, items, weights = [], [], []
        for row, user in enumerate(users.tolist()):
            mine = self._log.item[self._order[self._starts[user] : self._starts[user + 1]]][::-1][:last]
            rows.append(np.full(len(mine), row))
            items.append(mine)
            weights.append(np.exp(-np.arange(len(mine)) / decay))
        cells = (np.concatenate(weights), (np.concatenate(rows), np.concatenate(items)))
        return csr_matrix(cells, shape=(len(users), len(self._log.items)))


def popularity(log: Log) -> Scorer:
    """How often each item was had, the same for everyone."""
    counts = np.bincount(log.item, minlength=len(log.items)).astype(np.float64)
    return lambda users: np.tile(counts, (len(users), 1))


def als(log: Log) -> Scorer:
    """implicit's alternating least squares."""
    from implicit.als import AlternatingLeastSquares

    model = AlternatingLeastSquares(factors=_FACTORS, iterations=_ITERATIONS, num_threads=1, random_state=0)
    return _factors(model, log)


def bpr(log: Log) -> Scorer:
    """implicit's Bayesian personalized ranking with its defaults."""
    from implicit.bpr import BayesianPersonalizedRanking

    return _factors(BayesianPersonalizedRanking(num_threads=1, random_state=0), log)


def _factors(model: Any, log: Log) -> Scorer:
    model.fit(Histories(log).every(), show_progress=False)
    return lambda users: model.user_factors[users] @ model.item_factors.T


def neighbours(log: Log, kind: str) -> Any:
    """implicit's similarities of items [items, items], the strongest of each; ``kind`` is cosine or tf-idf."""
    from implicit.nearest_neighbours import CosineRecommender, TFIDFRecommender

    model = {"cosine": CosineRecommender, "tf-idf": TFIDFRecommender}[kind](K=_NEIGHBOURS, num_threads=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it converts matrices of its own, and tells
        model.fit(Histories(log).every(), show_progress=False)
    return model.similarity.tocsr()


def ease(log: Log) -> Floats:
    """EASE's weights [items, items] of what was had or not (Steck, WWW 2019)."""
    from scipy.linalg.lapack import spotrf, spotri

    had = Histories(log).every()
    had.data[:] = 1.0
    gram = np.asfortranarray((had.T @ had).toarray(), np.float32)
    gram[np.diag_indices_from(gram)] += _EASE_LAMBDA
    # By Cholesky: several times faster than a general inverse. It fills the lower triangle alone.
    factor, failed = spotrf(gram, lower=1, overwrite_a=1)
    inverse, failed_too = spotri(factor, lower=1, overwrite_c=1)
    if failed or failed_too:
        raise ValueError("the Gram matrix has no inverse")
    weights: Floats = np.tril(inverse) + np.tril(inverse, -1).T
    weights /= -np.diag(weights).copy()
    np.fill_diagonal(weights, 0.0)
    return weights


def transitions(log: Log, reverse: float) -> Any:
    """What follows what within ten steps [items, items]: nearer counts more, popular less; the strongest of each.

    ``reverse`` is what a step counts for in the other direction.
    """
    from scipy.sparse import csr_matrix

    order, starts = log.by_user()
    item, shape = log.item[order], (len(log.items), len(log.items))
    end = np.repeat(starts[1:], np.diff(starts))
    total = csr_matrix(shape)
    for distance in range(1, _WINDOW + 1):
        first = np.flatnonzero(np.arange(len(item)) + distance < end)
        cells = (np.full(len(first), 1.0 / distance), (item[first], item[first + distance]))
        total = total + csr_matrix(cells, shape=shape)
    total = (total + reverse * total.T).tocsr()
    total.eliminate_zeros()
    row = np.repeat(np.arange(shape[0]), np.diff(total.indptr))
    sums = np.asarray(total.sum(axis=1)).ravel() + _SMOOTHING
    popular = np.maximum(np.bincount(log.item, minlength=shape[0]), 1.0)
    value = total.data / sums[row] / popular[total.indices] ** _DAMPING
    best = np.lexsort((-value, row))
    kept = best[np.arange(len(best)) - total.indptr[row] < _NEIGHBOURS]
    return csr_matrix((value[kept], (row[kept], total.indices[kept])), shape=shape)


def read_with(log: Log, weights: Any, decay: float = np.inf, last: int | None = None) -> Scorer:
    """Histories times item-item ``weights``, sparse or dense."""
    history = Histories(log)

    def scores(users: Int64) -> Floats:
        found = history.of(users, decay, last) @ weights
        return np.asarray(found.toarray() if hasattr(found, "toarray") else found)

    return scores


def fitted(log: Log) -> Iterator[tuple[str, Scorer, float]]:
    """(name, scorer, CPU seconds of the fit) of each method that the catalogue allows."""
    for name, fit in (("popularity", popularity), ("implicit ALS, 64 factors", als), ("implicit BPR", bpr)):
        scorer, spent = _timed(partial(fit, log))
        yield name, scorer, spent
    for kind in ("cosine", "tf-idf"):
        table, spent = _timed(partial(neighbours, log, kind))
        yield f"item-item {kind}", read_with(log, table), spent
        yield f"item-item {kind}, decay {_DECAY:g}", read_with(log, table, _DECAY), spent
    if len(log.items) <= _EASE_ITEMS:
        dense, spent = _timed(partial(ease, log))
        yield "EASE", read_with(log, dense), spent
        yield f"EASE, decay {_DECAY:g}", read_with(log, dense, _DECAY), spent
    for reverse, said in ((0.0, "forwards"), (0.5, "half back"), (1.0, "both ways")):
        table, spent = _timed(partial(transitions, log, reverse))
        yield f"transitions, {said}", read_with(log, table, _LAST_DECAY, _LAST), spent


def _timed(fit: Callable[[], Any]) -> tuple[Any, float]:
    began = time.process_time()
    result = fit()
    return result, time.process_time() - began


def baselines(split: Split) -> Iterator[Figures]:
    """What each single method reaches."""
    for name, scorer, spent in fitted(split.learned):
        yield Figures.of(name, places(split, scorer), spent)


def heading(split: Split) -> str:
    """The size of what is measured, and the head of the table."""
    log = split.learned
    sizes = (
        f"{len(log.users)} users, {len(log.items)} items, {len(log)} events learned from, {len(split.asked)} asked for"
    )
    how = "are ranked like the rest" if split.keep_seen else "are left out, but for the held-out one"
    repeats = f"{split.repeated():.1%} of the held-out events are of items that their users had before; these {how}"
    return f"{sizes}\n{repeats}\n{'method':<36}{'NDCG@10':>9}{'HR@10':>8}{'fit CPU s':>11}"


def line(figures: Figures) -> str:
    """One row of the table."""
    spent = "" if figures.seconds is None else f"{figures.seconds:.2f}"
    return f"{figures.method:<36}{figures.ndcg:>9.4f}{figures.hit_rate:>8.3f}{spent:>11}"


def arguments(parser: argparse.ArgumentParser) -> None:
    """What says how a file of interactions is read and how much of it is asked for."""
    parser.add_argument("--columns", help="the columns USER,ITEM,TIME by name, or by number from 1 without a header")
    parser.add_argument("--separator", help="what separates the columns; as the first line shows without")
    parser.add_argument("--core", type=int, default=CORE, help="least interactions of a user and an item")
    parser.add_argument("--users", type=int, default=USERS, help="most users to ask for")
    parser.add_argument(
        "--seen",
        choices=("hide", "keep"),
        help="leave out what the user had or rank it like the rest; by default the latter where items come again",
    )


def split_of(log: Log, given: argparse.Namespace) -> Split:
    """Hold the last events out as the arguments say.

    Where users have items again, leaving out what they had, but not the truth, would give the truth away.
    """
    split = leave_last_out(log, given.users)
    keep = split.repeated() >= REPEATS if given.seen is None else given.seen == "keep"
    return replace(split, keep_seen=keep)


def opened(path: Path, given: argparse.Namespace) -> Log:
    """Read and reduce a file as the arguments say."""
    columns = given.columns.split(",") if given.columns else None
    return read(path, columns, given.separator).core(given.core)


def main() -> int:
    """Print the table of one file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("file", type=Path)
    arguments(parser)
    given = parser.parse_args()
    split = split_of(opened(given.file, given), given)
    print(heading(split), flush=True)
    for figures in baselines(split):
        print(line(figures), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
