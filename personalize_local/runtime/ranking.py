"""GetPersonalizedRanking: a given list in the order in which a user would like it."""

from __future__ import annotations

from typing import Any

from personalize_local.context import Context
from personalize_local.errors import invalid_input
from personalize_local.runtime.questions import question
from personalize_local.runtime.recommendations import SCORE_DECIMALS

MAXIMUM_INPUT = 500


def get_personalized_ranking(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """Answer GetPersonalizedRanking.

    Scores add up to 1 over the items that the model knows; the others follow without a score in the order in which
    they were given (observed). An item given twice counts once, at its first place (inferred).
    """
    listed = list(dict.fromkeys(params["inputList"]))
    if not 1 <= len(params["inputList"]) <= MAXIMUM_INPUT:
        raise invalid_input(f"inputList must contain between 1 and {MAXIMUM_INPUT} items.")
    asked = question(context, params, "GetPersonalizedRanking")
    model = asked.loaded.model
    indexes = model.items.indexes(listed)
    known = indexes >= 0
    names = [id_ for id_, is_known in zip(listed, known.tolist(), strict=True) if is_known]
    order, probabilities = model.scores(asked.query).rank(indexes[known])
    ranking: list[dict[str, Any]] = [
        {"itemId": names[place], "score": score}
        for place, score in zip(order.tolist(), probabilities.round(SCORE_DECIMALS).tolist(), strict=True)
    ]
    ranking += [{"itemId": id_} for id_, is_known in zip(listed, known.tolist(), strict=True) if not is_known]
    return {
        "personalizedRanking": ranking,
        "recommendationId": context.emulator.ids.recommendation_id(asked.tag),
    }
