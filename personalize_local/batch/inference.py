"""Batch inference: the recommendations or rankings of each line of a part, as the runtime would give them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from botocore_shapes.errors import ServiceError
from personalize_local.batch.files import folder_of
from personalize_local.batch.lines import Line, LineError, answered, as_json, read_line, refused, score_texts
from personalize_local.batch.surroundings import Surroundings, surroundings_of
from personalize_local.jobs.workplace import Workplace
from personalize_local.provenance import Rule
from personalize_local.recipes.base import Query
from personalize_local.runtime.filtering import Choice, Who, choice
from personalize_local.runtime.models import Loaded
from personalize_local.runtime.questions import EMPTY_ID, NEEDED_ID, RECENT_EVENTS, Question
from personalize_local.runtime.ranking import MAXIMUM_INPUT, ranked
from personalize_local.runtime.recommendations import SCORE_DECIMALS, best_of
from personalize_local.store.past import Past

if TYPE_CHECKING:
    from personalize_local.batch.themes import Themes
    from personalize_local.engine.many_scores import Best

LINES_AT_A_TIME = 500
_UNKNOWN_SCORE = 0.0
_PAGE = "dg/batch-inference-job-output-examples.html"
RULES = (
    Rule(
        says="Batch inference answers a line as the runtime answers a call with its ids and filter, the exploration "
        "and ranking influence being the job's.",
        known="inferred",
        source="dg/getting-batch-recommendations.html: answers need not be those of real time",
    ),
    Rule(
        says="numResults is passed over in rankings: all items of a line are ranked, those that the model does not "
        "know at the end with a score of 0.0.",
        known="inferred",
    ),
    Rule(
        says="Items of User-Personalization-v2 have a list of reasons each, under reasons.",
        known="inferred",
        source=f"{_PAGE} has them; the name is chosen",
    ),
    Rule(
        says="What the runtime would refuse of a line, a missing filter value for one, is the line's error.",
        known="inferred",
    ),
)


@dataclass(slots=True, kw_only=True)
class _Asked:
    """A line, and what it asks: of whom or what, what the answer may have and, of rankings, the items."""

    line: Line
    query: Query
    user_id: str | None
    item_id: str | None
    choice: Choice | None
    listed: list[str]


def part(payload: Mapping[str, Any], workplace: Workplace, number: int) -> dict[str, int]:
    """Answer the lines of a part; how many were bad. One that is done is not done again."""
    folder = folder_of(payload, workplace)
    facts = folder.facts(number)
    if facts is None:
        around = surroundings_of(payload, workplace)
        facts = {"errors": 0}
        try:
            with around.rows() as rows:
                answers = Answers(around, rows)
                folder.finish(number, answers.of(folder.lines(number), facts), facts, keep_input=False)
        except FileNotFoundError:
            # A worker of an attempt that has broken may have ended the part before it was ended itself.
            if (facts := folder.facts(number)) is None:
                raise
    return facts


class Answers:
    """Answers lines from one state of the model, the data and the events."""

    def __init__(self, around: Surroundings, rows: Past) -> None:
        self._around, self._rows, payload = around, rows, around.payload
        self._config: Mapping[str, Any] = payload["config"]
        trained = around.loaded(rows)
        # What the clock alone brings in (trends, new texts) is for what is served; batch sees the training.
        self._loaded = trained.updates.of(around.context, rows, trained, self._config)
        self._recipe = trained.recipe
        self._influence: Mapping[str, float] = self._config.get("rankingInfluence", {})
        self._ranks = self._recipe.operation == "GetPersonalizedRanking"
        self._users = getattr(trained.model, "users", None) if self._recipe.realtime else None
        self._recent = rows.actors(trained.dataset_group, trained.until) if self._users is not None else frozenset()
        self._is_plain = self._recipe.needs_user and not self._ranks and payload["filterArn"] is None
        self._common: Mapping[str, Any] | None = None
        self._themes = self._theming() if payload["itemName"] is not None else None

    def _theming(self) -> Themes:
        from personalize_local.batch.themes import Themes

        around = self._around
        items = around.views.of(around.context, self._rows, self._loaded.dataset_group).datasets["ITEMS"]
        return Themes(items.catalogue(self._rows), items.schema, around.payload["itemName"])

    def of(self, lines: Iterable[bytes], facts: dict[str, int]) -> Iterator[bytes]:
        """The output of ``lines``, in their order; adds the number of bad ones to the ``errors`` of ``facts``."""
        waiting = iter(lines)
        while some := list(islice(waiting, LINES_AT_A_TIME)):
            for output, is_bad in self._block([read_line(line) for line in some]):
                facts["errors"] += is_bad
                yield output

    def _block(self, lines: Sequence[Line]) -> Iterator[tuple[bytes, bool]]:
        asked: list[_Asked | tuple[Line, str]] = [self._tried(line) for line in lines]
        good = [one for one in asked if isinstance(one, _Asked)]
        outputs = iter(self._outputs(good))
        for one in asked:
            if isinstance(one, _Asked):
                yield answered(one.line, next(outputs)), False
            else:
                yield refused(*one), True

    def _outputs(self, good: Sequence[_Asked]) -> Iterator[str]:
        """What is answered, as JSON."""
        from personalize_local.batch.scoring import best_of_all, scored

        found: Sequence[Best | None] = [None] * len(good)
        if self._is_plain:
            found = best_of_all(self._loaded.model, [one.query for one in good], self._around.payload["numResults"])
        waiting = [one.query for one, best in zip(good, found, strict=True) if best is None]
        loaded = replace(self._loaded, model=scored(self._loaded.model, waiting))
        listed = iter(self._listed([best for best in found if best is not None]))
        for one, best in zip(good, found, strict=True):
            yield next(listed) if best is not None else as_json(self._answer(one, loaded))

    # What is asked

    def _tried(self, line: Line) -> _Asked | tuple[Line, str]:
        if line.error is not None:
            return line, line.error
        try:
            return self._asked(line)
        except LineError as error:
            return line, str(error)
        except ServiceError as error:
            return line, error.message

    def _asked(self, line: Line) -> _Asked:
        related = self._recipe.needs_item
        member = "itemId" if related else "userId"
        id_ = line.id_(member)
        if id_ is None:
            raise LineError(NEEDED_ID.text.format(member=member, recipe=self._recipe.arn))
        if not id_:
            raise LineError(EMPTY_ID.text.format(member=member))
        listed = list(dict.fromkeys(line.ids("itemList", MAXIMUM_INPUT))) if self._ranks else []
        user_id, item_id = (None, id_) if related else (id_, None)
        loaded = self._loaded
        chosen = None
        if (filter_arn := self._around.payload["filterArn"]) is not None:
            who, values = self._who(user_id, item_id), line.filter_values()
            chosen = choice(self._around.context, self._rows, who, filter_arn, values)
        events = self._events(user_id) if self._recent else ()
        query = Query(
            user_id=user_id if user_id is not None and loaded.remembers(user_id) else None,
            item_id=item_id,
            events=[item for item, _ in events] if events else (),
            time=events[-1][1] if events else None,
            influence=self._influence,
        )
        return _Asked(line=line, query=query, user_id=user_id, item_id=item_id, choice=chosen, listed=listed)

    def _who(self, user_id: str | None, item_id: str | None) -> Who:
        return Who(
            loaded=self._loaded,
            asked=self._around.payload["version"],
            user_id=user_id,
            item_id=item_id,
            operation=str(self._recipe.operation),
        )

    def _events(self, user_id: str | None) -> Sequence[tuple[str, float]]:
        if user_id is None or user_id not in self._recent or self._users is None or self._users.get(user_id) < 0:
            return ()
        loaded = self._loaded
        recent = self._rows.recent_events(loaded.dataset_group, user_id, loaded.until, RECENT_EVENTS)
        return [(item, time) for item, event_type, value, time in recent if loaded.moves(event_type, value)]

    # What is answered

    def _answer(self, one: _Asked, loaded: Loaded) -> Mapping[str, Any]:
        who = self._who(one.user_id, one.item_id)
        asked = Question(
            loaded=loaded, query=one.query, tag="", who=who, choice=one.choice, config=self._config, settled=False
        )
        if self._ranks:
            return _ranking(asked, one.listed)
        if self._themes is not None:
            return self._themes.of(str(one.item_id), self._list(asked)["recommendedItems"])
        if self._recipe.needs_user or self._recipe.needs_item or one.choice is not None:
            return self._list(asked)
        if self._common is None:
            self._common = self._list(asked)
        return self._common

    def _listed(self, found: Sequence[Best]) -> Iterator[str]:
        """The output of lines that are answered with what the model holds for the best, none of it tried out."""
        import numpy as np

        names = self._around.names_of(self._loaded.model.items)
        items = np.concatenate([np.zeros(0, np.int32), *(items for items, _ in found)])
        recommended = list(map(names.__getitem__, items.tolist()))
        scores = score_texts(np.concatenate([np.zeros(0), *(shares for _, shares in found)]))
        usual: int = self._around.payload["numResults"]
        begin, reasons = 0, _no_reasons(usual)
        for end in np.cumsum([len(items) for items, _ in found]).tolist():
            text = f'{{"recommendedItems":[{",".join(recommended[begin:end])}]'
            if self._recipe.scores:
                text += f',"scores":[{",".join(scores[begin:end])}]'
            if self._recipe.reasons:
                text += reasons if end - begin == usual else _no_reasons(end - begin)
            yield f"{text}}}"
            begin = end

    def _list(self, asked: Question) -> Mapping[str, Any]:
        items, probabilities, tried = best_of(asked, self._around.payload["numResults"], asked.allowed)
        output: dict[str, Any] = {"recommendedItems": asked.loaded.model.items.strings(items)}
        if self._recipe.scores:
            output["scores"] = probabilities.round(SCORE_DECIMALS).tolist()
        if self._recipe.reasons:
            from personalize_local.runtime.exploring import REASON

            explored = set(tried.tolist())
            output["reasons"] = [[REASON] if item in explored else [] for item in items.tolist()]
        return output


def _no_reasons(count: int) -> str:
    return f',"reasons":[{",".join(["[]"] * count)}]'


def _ranking(asked: Question, listed: list[str]) -> Mapping[str, Any]:
    ranking = ranked(asked, listed)
    if asked.choice is not None:
        kept = asked.choice.keeps([item["itemId"] for item in ranking])
        ranking = [item for item, is_kept in zip(ranking, kept, strict=True) if is_kept]
    return {
        "recommendedItems": [item["itemId"] for item in ranking],
        "scores": [item.get("score", _UNKNOWN_SCORE) for item in ranking],
    }
