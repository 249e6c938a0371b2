"""What can be asked for recommendations beside the service's own calls: anything trained, about users as they go on.

Answers are those of GetRecommendations, but for what a user did since the training: it is told, and nothing is read of
or written to the streamed events.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from personalize_local.arns import parse_arn
from personalize_local.context import Context
from personalize_local.datasets.segments import SegmentError
from personalize_local.errors import NOT_FOUND
from personalize_local.ids import resource_tag
from personalize_local.recipes.base import Query
from personalize_local.resources import quotas, solution_version
from personalize_local.resources.campaign import KIND as CAMPAIGN
from personalize_local.resources.campaign import NOT_TRAINED
from personalize_local.resources.recommender import KIND as RECOMMENDER
from personalize_local.runtime.filtering import Who
from personalize_local.runtime.models import Loaded
from personalize_local.runtime.questions import RECENT_EVENTS, Question, serving
from personalize_local.runtime.recommendations import MAXIMUM_RESULTS, best_of
from personalize_local.store.sql import Rows

if TYPE_CHECKING:
    from personalize_local.datasets.evidence import Evidence
    from personalize_local.datasets.held import Held
    from personalize_local.filters.table import Mask

__all__ = ["MAXIMUM_RESULTS", "About", "Contender", "NoContender", "context_of", "find", "learned_from"]

_OPERATION = "GetRecommendations"
_LATEST = "/$LATEST"


class NoContender(ValueError):
    """What was named cannot be compared; the message says why."""


def context_of(context: Context, name: str) -> Context:
    """The context of the account and region that an ARN names; the given one for a mere name."""
    arn = parse_arn(name)
    if arn is None or not arn.account or not arn.region:
        return context
    return replace(context, account=arn.account, region=arn.region)


def find(context: Context, rows: Rows, name: str) -> Contender:
    """A campaign, recommender or solution version by its ARN or name (a version's is SOLUTION/ID; that of a solution
    alone, and ``$LATEST``, mean its newest ACTIVE version).

    Raises NoContender, and what the service says of one that is not there or not ACTIVE.
    """
    arn = name if parse_arn(name) is not None else _named(context, rows, name)
    if ":campaign/" in arn:
        loaded, config, _ = serving(context, rows, CAMPAIGN, arn)
    elif ":recommender/" in arn:
        loaded, config, _ = serving(context, rows, RECOMMENDER, arn)
    elif ":solution/" in arn:
        arn = _version(context, rows, arn)
        loaded, config = context.emulator.models.of(rows, arn, 0), {}
    else:
        raise NoContender(f"{name} is no campaign, recommender or solution version.")
    if loaded.recipe.operation != _OPERATION:
        raise NoContender(
            f"{name} cannot be compared: recipe {loaded.recipe.name} does not answer {_OPERATION}, "
            f"but {loaded.recipe.operation or 'batch segment jobs alone'}."
        )
    return Contender(context, rows, arn, loaded.now(context, rows, config), config)


def _named(context: Context, rows: Rows, name: str) -> str:
    arns = [context.arn(f"{kind}/{name}") for kind in ("campaign", "recommender", "solution")]
    found = [arn for arn in arns if (record := rows.get(arn)) is not None and record.deleted is None]
    if not found:
        raise NoContender(f"There is no campaign, recommender, solution or solution version {name}.")
    if len(found) > 1:
        raise NoContender(f"{name} is the name of several resources; give the ARN: {', '.join(found)}.")
    return found[0]


def _version(context: Context, rows: Rows, arn: str) -> str:
    solution = arn.removesuffix(_LATEST)
    if solution == arn and arn.partition(":solution/")[2].count("/"):
        return solution_version.require_trained(context, rows, arn, NOT_TRAINED).arn
    latest = solution_version.newest_active(context, rows, solution)
    if latest is None or (latest.account, latest.region) != (context.account, context.region):
        raise NOT_FOUND(arn=arn)
    return latest.arn


class Contender:
    """Something trained, as it answers now. ``rows`` must stay open while it is asked."""

    def __init__(self, context: Context, rows: Rows, arn: str, loaded: Loaded, config: Mapping[str, Any]) -> None:
        self._config = config
        self.arn, self.loaded = arn, loaded
        columns = loaded.context_columns.values() if loaded.recipe.context else ()
        self._columns = frozenset(name.upper() for name in columns)
        self._hidden = None if loaded.recipe.hides is None else _Hidden(context, rows, loaded)

    def knows(self, item: str) -> bool:
        """Whether an item could be recommended."""
        return self.loaded.model.items.get(item) >= 0

    def about(self, user: str) -> About:
        """The questions about one user."""
        return About(self, user)

    def question(self, user: str) -> tuple[Question, Mask | None]:
        """The question about a user who did nothing since the training, and what its answer may have."""
        loaded = self.loaded
        influence = self._config.get("rankingInfluence", {})
        asked = Question(
            loaded=loaded,
            query=Query(user_id=user if loaded.remembers(user) else None, influence=influence),
            tag=resource_tag(self.arn),
            who=Who(loaded=loaded, asked=self.arn, user_id=user, item_id=None, operation=_OPERATION),
            choice=None,
            config=self._config,
            settled=False,
        )
        return asked, None if self._hidden is None else self._hidden.allowed(user)

    def taken(self, context: Mapping[str, str]) -> dict[str, str]:
        """Those columns of a context that the recipe takes."""
        return {name: value for name, value in context.items() if name in self._columns}


class About:
    """The questions about one user as he goes on."""

    def __init__(self, contender: Contender, user: str) -> None:
        self._contender = contender
        self._question, self._allowed = contender.question(user)
        self._events: list[str] = []
        self._last: str | None = None

    def ask(self, context: Mapping[str, str], count: int) -> Sequence[str] | None:
        """The best items for the user, best first; None where the recipe goes from an item and there was none yet."""
        recipe = self._question.loaded.recipe
        if recipe.needs_item and self._last is None:
            return None
        query = replace(
            self._question.query,
            item_id=self._last if recipe.needs_item else None,
            events=self._events if recipe.realtime else (),
            context=self._contender.taken(context),
        )
        items, _, _ = best_of(replace(self._question, query=query), count, self._allowed)
        return self._question.loaded.model.items.strings(items)

    def reveal(self, item: str, event_type: str, value: float | None) -> None:
        """What the user did next: seen by the next question as an event sent to the service would be."""
        loaded = self._question.loaded
        self._last = item
        if loaded.moves(event_type, value):
            self._events = [*self._events[1 - RECENT_EVENTS :], item]
        hides = loaded.recipe.hides
        if hides is not None and self._allowed is not None and event_type.casefold() == hides.casefold():
            index = loaded.model.items.get(item)
            if index >= 0:
                self._allowed = self._allowed.copy()
                self._allowed[index] = False


class _Hidden:
    """What a use case hides from users for what they did before the training; nothing that came later is looked at."""

    def __init__(self, context: Context, rows: Rows, loaded: Loaded) -> None:
        from personalize_local.datasets.past_events import PastEvents

        self._rows, self._loaded = rows, loaded
        self._most = context.emulator.quotas.of(quotas.FILTER_EVENTS)
        assert loaded.recipe.hides is not None
        self._kind = loaded.recipe.hides.casefold()
        held = _imported(context, rows, loaded)
        self._past = None if held is None else PastEvents(held)

    def allowed(self, user: str) -> Mask:
        """The items of the model that a user may be shown."""
        import numpy as np

        model = self._loaded.model
        done = sorted(self._done(user), key=lambda one: one[0])[-self._most :]
        allowed = np.ones(len(model.items), np.bool_)
        indexes = model.items.indexes([item for _, item in done])
        allowed[indexes[indexes >= 0]] = False
        return allowed

    def _done(self, user: str) -> Iterator[tuple[float, str]]:
        """Time and item of each event of the type that hides."""
        if not self._loaded.remembers(user):
            return
        if self._past is not None and self._kind in self._past.types:
            did = self._past.of(user)
            counts = did.types == self._past.types.index(self._kind)
            items = self._past.items.take(did.items[counts]).to_pylist()
            yield from zip(did.times[counts].tolist(), items, strict=True)
        for sequence, item, kind, sent_at, _ in self._rows.events_of(self._loaded.dataset_group, user, 0):
            if sequence <= self._loaded.until and kind.casefold() == self._kind:
                yield sent_at, item


def learned_from(context: Context, rows: Rows, loaded: Loaded) -> Evidence:
    """What interactions there were to learn from; of those that were replaced since, what replaced them."""
    from personalize_local.datasets.evidence import evidence_of, joined, streamed_evidence

    held = _imported(context, rows, loaded)
    streamed = streamed_evidence(rows.tally(loaded.dataset_group, 0, loaded.until), ())
    return streamed if held is None else joined([streamed, evidence_of(held)])


def _imported(context: Context, rows: Rows, loaded: Loaded) -> Held | None:
    """The interactions that were imported before a training or, where these are gone, those that there are."""
    views, group = context.emulator.views, loaded.dataset_group
    if "INTERACTIONS" in loaded.held:
        with suppress(SegmentError):
            return views.open(rows, loaded.held["INTERACTIONS"], put=False)

    def present() -> Held | None:
        dataset = views.of(context, rows, group).datasets.get("INTERACTIONS")
        return None if dataset is None else views.open(rows, dataset.known, put=False)

    return views.reading(group, present)
