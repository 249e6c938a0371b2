"""How an answer comes about: the parts of each score, what was read, dropped, promoted and tried out.

The answer itself is made by what answers GetRecommendations and GetPersonalizedRanking; here it is only read. Loads
numpy.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from personalize_local.arns import parse_arn
from personalize_local.context import Context
from personalize_local.recipes.explained import explained
from personalize_local.runtime.contenders import context_of
from personalize_local.runtime.exploring import Exploring, MixingActions, MixingItems, Relevant
from personalize_local.runtime.filtering import choice, choices_of_parts
from personalize_local.runtime.questions import Question
from personalize_local.runtime.ranking import personalized_ranking, ranked
from personalize_local.runtime.recommendations import Recommended, best_of, recommended

if TYPE_CHECKING:
    from personalize_local.engine.data import Float64
    from personalize_local.engine.scores import Scores
    from personalize_local.recipes.base import Model
    from personalize_local.store.sql import Rows

__all__ = ["explain", "named"]

_KINDS = {"campaignArn": "campaign", "recommenderArn": "recommender", "filterArn": "filter"}
_WORTH_TELLING = 1e-4
"""A difference of logits that rounding does not explain."""
_DECIMALS = 6


def named(context: Context, asked: object) -> tuple[Context, object]:
    """What was asked with ARNs where there are names, and the context of the account whose they are."""
    if not isinstance(asked, dict):
        return context, asked
    context = context_of(context, str(asked.get("campaignArn") or asked.get("recommenderArn") or ""))
    full = _with_arns(context, asked)
    if isinstance(full.get("promotions"), list):
        full["promotions"] = [_with_arns(context, one) if isinstance(one, dict) else one for one in full["promotions"]]
    return context, full


def _with_arns(context: Context, given: Mapping[str, Any]) -> dict[str, Any]:
    full = dict(given)
    for member, kind in _KINDS.items():
        value = full.get(member)
        if isinstance(value, str) and parse_arn(value) is None:
            full[member] = context.arn(f"{kind}/{value}")
    return full


def explain(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """How the answer to the parameters of GetRecommendations comes about or, with an inputList, that of a ranking.

    JSON values. The call leaves no trace: it is not counted, and gives no recommendationId. Raises what these
    operations raise.
    """
    with context.emulator.database.read() as rows:
        if "inputList" in params:
            asked, item_list = personalized_ranking(context, rows, params)
            telling = _Telling(context, rows, asked, params, item_list)
            return telling.ranking()
        answer = recommended(context, rows, params)
        telling = _Telling(context, rows, answer.asked, params, answer.item_list)
        return telling.recommendations(answer)


class _Telling:
    """What there is to tell of one answer, which is given."""

    def __init__(
        self, context: Context, rows: Rows, asked: Question, params: Mapping[str, Any], item_list: list[dict[str, Any]]
    ) -> None:
        self._context, self._rows, self._asked, self._params, self._listed = context, rows, asked, params, item_list
        self._model: Model = asked.loaded.model
        self._trained = _trained(self._model)
        self._told = explained(self._trained, asked.query, asked.loaded.recipe.name)

    def recommendations(self, answer: Recommended) -> dict[str, Any]:
        """That of GetRecommendations."""
        scores = self._scores(answer)
        tried = set(self._model.items.strings(answer.tried))
        logits = scores.dense()
        items = self._with_parts(logits, _log_sum(logits))
        for item in items:
            item["explored"] = item["itemId"] in tried or item["parts"].get("exploration", 0.0) > 0
        dropped = self._dropped(self._unfiltered(answer))
        told = {
            **self._about("GetRecommendations", items, dropped),
            "promotion": self._promotion(answer),
            "exploration": self._exploration(items),
        }
        return told if items else {**told, "empty": self._why_empty(dropped)}

    def ranking(self) -> dict[str, Any]:
        """That of GetPersonalizedRanking."""
        scores, listed = self._model.scores(self._asked.query), list(dict.fromkeys(self._params["inputList"]))
        indexes = self._model.items.indexes(listed)
        logits = scores.dense()
        known = indexes[indexes >= 0]
        items = self._with_parts(logits, _log_sum(logits[known]) if len(known) else 0.0)
        dropped = self._dropped(item["itemId"] for item in ranked(self._asked, listed))
        told = self._about("GetPersonalizedRanking", items, dropped)
        strangers = [id_ for id_, index in zip(listed, indexes.tolist(), strict=True) if index < 0]
        if strangers:
            told["notes"].append(f"The model does not know {', '.join(strangers)}: they come last, without a score.")
        return told if items else {**told, "empty": self._why_empty(dropped)}

    def _scores(self, answer: Recommended) -> Scores:
        """Those that the probabilities of the answer are of."""
        model, query = self._model, self._asked.query
        # What tries nothing out and promotes nothing answers from the training alone.
        alone = isinstance(model, MixingItems) and answer.promoting is None and model.tries(query, answer.count) <= 0
        return (self._trained if alone else model).scores(query)

    def _about(self, operation: str, items: list[dict[str, Any]], dropped: list[dict[str, str]]) -> dict[str, Any]:
        who, query = self._asked.who, self._asked.query
        history = self._told.history
        return {
            "operation": operation,
            "arn": who.asked,
            "recipe": self._asked.loaded.recipe.name,
            "userId": who.user_id,
            "itemId": who.item_id,
            "history": None if history is None else history[::-1],
            "newEvents": list(query.events)[::-1],
            "context": dict(query.context),
            "filter": self._filter(dropped),
            "items": items,
            "notes": list(self._told.notes),
        }

    def _with_parts(self, logits: Float64, total: float) -> list[dict[str, Any]]:
        """The items of the answer, each with its logit and its parts, which add up to it."""
        parts, trained = self._told.parts, len(self._trained.items)
        found = []
        for item in self._listed:
            index = self._model.items.get(item["itemId"])
            told: dict[str, Any] = {**item, "logit": None, "parts": {}}
            if index >= 0:
                told |= {"logit": round(float(logits[index]), _DECIMALS), "logTotal": round(total, _DECIMALS)}
                own = {name: float(values[index]) for name, values in parts.items()} if index < trained else {}
                rest = float(logits[index]) - sum(own.values())
                if (parts and abs(rest) > _WORTH_TELLING) and self._model is not self._trained:
                    own["exploration"] = rest
                told["parts"] = {name: round(value, _DECIMALS) for name, value in own.items() if value}
            found.append(told)
        return found

    def _unfiltered(self, answer: Recommended) -> list[str]:
        """What would come without any filter."""
        if self._asked.choice is None:
            return []
        items, _, _ = best_of(self._asked, answer.count, None)
        return self._model.items.strings(items)

    def _dropped(self, ids: Iterable[str]) -> list[dict[str, str]]:
        """Those of some items that may not be answered, with the reason."""
        chosen, listed = self._asked.choice, list(ids)
        if chosen is None or not listed:
            return []
        gone = [id_ for id_, kept in zip(listed, chosen.keeps(listed), strict=True) if not kept]
        hidden = choice(self._context, self._rows, self._asked.who, None, {})  # what the use case alone does
        shown = [True] * len(gone) if hidden is None else hidden.keeps(gone)
        hides = f"the use case hides what has a {self._asked.loaded.recipe.hides} event"
        why = self._blamed(gone)
        return [
            {"itemId": id_, "why": reason if is_shown else hides}
            for id_, reason, is_shown in zip(gone, why, shown, strict=True)
        ]

    def _blamed(self, gone: list[str]) -> list[str]:
        """The parts of the filter that each of some items fails: one of EXCLUDE that drops it, else all of INCLUDE."""
        filter_arn, values = self._params.get("filterArn"), self._params.get("filterValues", {})
        if filter_arn is None:
            return [""] * len(gone)
        parts = choices_of_parts(self._context, self._rows, self._asked.who, filter_arn, values)
        fails = [(text, [not kept for kept in chosen.keeps(gone)]) for text, chosen in parts]
        reasons = []
        for place in range(len(gone)):
            failed = [text for text, dropped in fails if dropped[place]]
            excluding = [text for text in failed if text[:7].upper() == "EXCLUDE"]
            reasons.append(f"filter: {excluding[0] if excluding else ' | '.join(failed)}")
        return reasons

    def _expression(self, arn: str | None = None) -> str | None:
        wanted = arn or self._params.get("filterArn")
        return (
            None if wanted is None else self._context.emulator.filters.of(self._context, self._rows, wanted).expression
        )

    def _filter(self, dropped: list[dict[str, str]]) -> dict[str, Any] | None:
        """What the filter and the use case did; None where there is neither."""
        allowed = self._asked.allowed
        if allowed is None:
            return None
        return {
            "filterArn": self._params.get("filterArn"),
            "expression": self._expression(),
            "values": dict(self._params.get("filterValues", {})),
            "allowed": int(np.count_nonzero(allowed)),
            "of": len(allowed),
            "dropped": dropped,
        }

    def _promotion(self, answer: Recommended) -> dict[str, Any] | None:
        promoting = answer.promoting
        if promoting is None:
            return None
        return {
            "name": promoting.name,
            "places": promoting.count(answer.count),
            "expression": self._expression(self._params["promotions"][0]["filterArn"]),
            "allowed": int(np.count_nonzero(promoting.allowed)),
            "items": [item["itemId"] for item in answer.item_list if "promotionName" in item],
        }

    def _exploration(self, items: list[dict[str, Any]]) -> dict[str, Any] | None:
        """Which places were given to what little is known of, counted from 1; None where nothing is tried out."""
        if not isinstance(self._model, Exploring | MixingItems):
            return None
        return {
            "weight": self._model.weight if isinstance(self._model, Exploring) else None,
            "candidates": len(self._model.plan.candidates),
            "places": [place for place, item in enumerate(items, 1) if item["explored"]],
        }

    def _why_empty(self, dropped: list[dict[str, str]]) -> str:
        allowed = self._asked.allowed
        if allowed is not None and not allowed.any():
            which = self._expression()
            who = "The use case" if which is None else f"The filter {which}"
            return f"{who} lets none of {len(allowed)} items pass."
        if "inputList" in self._params and dropped:
            return f"The filter {self._expression()} lets none of the {len(dropped)} items of the list pass."
        return "None of the items that may come is one that the model recommends."


def _trained(model: Model) -> Model:
    if isinstance(model, Exploring | MixingItems | MixingActions | Relevant):
        return model.trained
    return model


def _log_sum(logits: Float64) -> float:
    """The logarithm of what the exponentials of logits add up to: a score is exp(logit - this)."""
    peak = float(logits.max())
    return peak + float(np.log(np.exp(logits - peak).sum()))
