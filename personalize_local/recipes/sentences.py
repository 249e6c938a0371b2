"""Why a training ends without a model: the failureReasons of solution versions and recommenders."""

from __future__ import annotations

from personalize_local.provenance import Provenance, Rule, Sentence

_MESSAGES = "dg/error-messages.html"
_SAID = "failureReason of a solution version or recommender"


def _reason(text: str, rule: Provenance, wording: Provenance, source: str = "") -> Sentence:
    return Sentence(text, rule=rule, wording=wording, said=_SAID, source=source)


FEW_USERS = _reason(
    "Dataset has fewer than 25 users with at least 2 interactions each.", "documented", "documented", _MESSAGES
)
FEW_INTERACTIONS = _reason("Dataset has fewer than 1000 interactions", "documented", "chosen", "dg/limits.html")
FEW_OF_TYPE = _reason(
    "Dataset has fewer than 1000 interactions after filtering by event type: {type}",
    "documented",
    "documented",
    f"{_MESSAGES}; https://github.com/aws-samples/retail-demo-store/pull/562",
)
SMALL_SHARE = _reason(
    "Fewer than 1 percent of the users in the dataset have at least 2 interactions each.",
    "documented",
    "chosen",
    "dg/limits.html",
)
NO_INTERACTIONS = _reason("There are no interactions to train on.", "chosen", "chosen")
NO_ATTRIBUTE = _reason(
    "Did not find any attribute to train on. There may not be any attribute in the items dataset, or all attribute "
    "values either have same or all distinct values.",
    "observed",
    "observed",
    "https://github.com/aws-samples/retail-demo-store/issues/393",
)
NO_TEXT = _reason("The Items dataset has no text to train on.", "chosen", "chosen")
NO_VALUES = _reason("The Items dataset has no numeric values in column {column}.", "chosen", "chosen")
NO_ACTIONS = _reason("The Actions dataset has no actions to train on.", "chosen", "chosen")
STOPPED = _reason("The training was stopped.", "chosen", "chosen")

RULES = (
    Rule(
        says="Event types are told apart by case in solutions, not in the use cases of domains.",
        known="inferred",
        source="of solutions chosen; filters ignore case",
    ),
    Rule(
        says="Of several events with one eventId the first counts in training.",
        known="documented",
        source="dg/API_UBS_Event.html",
    ),
    Rule(
        says="Events of a session join the user who is named in any event of that session; those of a session that is "
        "never named stay out of training.",
        known="documented",
        source="dg/recording-item-interaction-events.html",
    ),
)
