"""GetPersonalizedRanking: a given list in the order in which a user would like it."""

from __future__ import annotations

from itertools import compress
from typing import Any

from personalize_local.context import Context
from personalize_local.provenance import Rule, invalid
from personalize_local.runtime.answering import answer
from personalize_local.runtime.metadata import describe, metadata
from personalize_local.runtime.questions import Question, question
from personalize_local.runtime.recommendations import SCORE_DECIMALS
from personalize_local.store.sql import Rows

MAXIMUM_INPUT = 500

INPUT_LENGTH = invalid(
    "inputList must contain between 1 and {most} items.",
    "documented",
    "dg/API_RS_GetPersonalizedRanking.html has the most; that the list may not be empty is inferred",
)
RULES = (
    Rule(
        says="The scores of a ranking add up to 1 over the items that the model knows; the others follow without a "
        "score, in the order in which they were given.",
        known="observed",
        source="samples: personalize_ranking_example",
    ),
    Rule(says="An item that is given twice is ranked once.", known="inferred"),
    Rule(
        says="Items that the filter drops are left out of a ranking; the scores of the others stay as they are.",
        known="inferred",
    ),
)


def get_personalized_ranking(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """Answer GetPersonalizedRanking."""
    stamp = context.emulator.stamp
    with context.emulator.database.read() as rows:
        asked, ranking = personalized_ranking(context, rows, params)
    return answer(context, asked, ranking, member="personalizedRanking", stamp=stamp)


def personalized_ranking(context: Context, rows: Rows, params: dict[str, Any]) -> tuple[Question, list[dict[str, Any]]]:
    """The answer to the parameters of GetPersonalizedRanking, which leaves no trace, and what was asked."""
    listed = list(dict.fromkeys(params["inputList"]))
    given = len(params["inputList"])
    if not 1 <= given <= MAXIMUM_INPUT:
        raise INPUT_LENGTH(most=MAXIMUM_INPUT)
    asked = question(context, rows, params, "GetPersonalizedRanking")
    described = None
    if "metadataColumns" in params:
        described = metadata(context, rows, asked, params, count=given, member="The length of inputList")
    ranking = ranked(asked, listed)
    if asked.choice is not None:
        kept = asked.choice.keeps([item["itemId"] for item in ranking])
        ranking = list(compress(ranking, kept))
    if described is not None:
        describe(ranking, described, rows)
    return asked, ranking


def ranked(asked: Question, listed: list[str]) -> list[dict[str, Any]]:
    """Each of ``listed`` as a ranking has it, best first, before any filter."""
    model = asked.loaded.model
    indexes = model.items.indexes(listed)
    known = indexes >= 0
    names = [id_ for id_, is_known in zip(listed, known.tolist(), strict=True) if is_known]
    order, probabilities = model.scores(asked.query).rank(indexes[known])
    ranking: list[dict[str, Any]] = [
        {"itemId": names[place], "score": score}
        for place, score in zip(order.tolist(), probabilities.round(SCORE_DECIMALS).tolist(), strict=True)
    ]
    return ranking + [{"itemId": id_} for id_, is_known in zip(listed, known.tolist(), strict=True) if not is_known]
