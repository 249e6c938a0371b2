"""Which tags nothing may carry, and what carries none."""

from __future__ import annotations

from .asking import UNKNOWN, unknown
from .cases import case

_TAG = {"tagKey": "a", "tagValue": "b"}
_KEYS = [f"k{number}" for number in range(51)]
MANY = [{"tagKey": key, "tagValue": ""} for key in _KEYS]
_TOO_MANY = "You have exceeded the maximum number of tags (50) for this resource."
_RESERVED = "Tag keys and values cannot start with aws:."
FAULTS = (
    ("a reserved key", [_TAG, {"tagKey": "aws:a", "tagValue": "b"}], _RESERVED, "InvalidInputException"),
    ("a reserved value", [{"tagKey": "a", "tagValue": "aws:"}], _RESERVED, "InvalidInputException"),
    ("a key twice", [_TAG, {**_TAG, "tagValue": "c"}], "Duplicate tag key: a.", "InvalidInputException"),
    ("fifty-one", MANY, _TOO_MANY, "TooManyTagsException"),
)
"""What is wrong with them, the tags, and what is said of them."""

ASKED = (("TagResource", {"tags": [_TAG]}), ("UntagResource", {"tagKeys": ["a"]}), ("ListTagsForResource", {}))
UNTAGGABLE = ("schema/full-ITEMS", "metric-attribution/figures")
# A recipe belongs to no account, and the others are of no kind, account or region that the caller has.
FOREIGN = (
    "arn:aws:personalize:::recipe/aws-sims",
    "arn:aws:personalize:::algorithm/aws-sims",
    "arn:aws:personalize:::feature-transformation/sims",
    "arn:aws:personalize:us-east-1:123456789012:pipeline/x",
    "arn:aws:personalize:us-east-1:000000000000:campaign/x",
    "arn:aws:personalize:eu-west-1:123456789012:solution/x/00000000",
)
_TAGGABLE = (
    *("dataset-group/none", "dataset/none/ITEMS", "dataset-import-job/none", "dataset-export-job/none"),
    *("data-deletion-job/none", "event-tracker/00000000", "filter/none", "solution/none", "solution/none/00000000"),
    *("campaign/none", "recommender/none", "batch-inference-job/none", "batch-segment-job/none"),
)

CASES = (
    *(
        case(name, "TagResource", lambda world, tags=tags: {"resourceArn": world.group, "tags": tags}, text, code)
        for name, tags, text, code in FAULTS
    ),
    case("one more than fifty", "TagResource",
         lambda world: {"resourceArn": world.groups["bare"], "tags": [_TAG]}, _TOO_MANY, "TooManyTagsException"),
    case("too many keys to take away", "UntagResource",
         lambda world: {"resourceArn": world.group, "tagKeys": _KEYS},
         "The request contains more than 50 tag keys.", "TooManyTagKeysException"),
    *(
        case(f"of {tail}", operation, lambda world, tail=tail, given=given: {"resourceArn": world.arn(tail), **given},
             lambda world, tail=tail: f"Resource {world.arn(tail)} does not support tagging.")
        for operation, given in ASKED
        for tail in UNTAGGABLE
    ),
    *(
        case(f"of {arn}", operation, lambda _, arn=arn, given=given: {"resourceArn": arn, **given},
             f"Invalid ARN for resourceArn: {arn}.")
        for operation, given in ASKED
        for arn in FOREIGN
    ),
    *(
        case(f"of {tail}", operation, lambda world, tail=tail, given=given: {"resourceArn": world.arn(tail), **given},
             lambda world, tail=tail: unknown(world.arn(tail))[2], UNKNOWN)
        for operation, given in ASKED
        for tail in _TAGGABLE
    ),
)  # fmt: skip
