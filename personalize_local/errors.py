"""The refusals that several rooms raise; a rule's own refusal stands beside the rule."""

from __future__ import annotations

from personalize_local.provenance import Refusal, invalid

NOT_FOUND = Refusal(
    "ResourceNotFoundException",
    "Resource Arn {arn} does not exist.",
    rule="documented",
    error="documented",
    wording="observed",
    source="dg/API_Operations_Amazon_Personalize.html; text as in moto",
)
"""The ARN names nothing."""

ALREADY_EXISTS = Refusal(
    "ResourceAlreadyExistsException",
    "Another resource with Arn {arn} already exists.",
    rule="documented",
    error="documented",
    wording="observed",
    source="https://github.com/aws-samples/retail-demo-store/issues/219",
)
"""The name is taken."""

WRONG_ARN = invalid("Invalid ARN for {member}: {arn}.", rule="inferred")
"""The ARN is of another kind, account or region."""

MOVING = Refusal(
    "ResourceInUseException",
    "Resource {arn} is in status {status} and cannot be modified.",
    rule="documented",
    error="observed",
    source="dg/deleting-resources.html",
)
"""The resource is between two states."""

NOT_ACTIVE = Refusal(
    "ResourceInUseException",
    "Resource {arn} is not ACTIVE. Current status: {status}.",
    rule="documented",
    error="observed",
    source="dg/API_CreateBatchInferenceJob.html",
)
"""A referenced resource is not ready yet."""

NOT_ACTIVE_INPUT = invalid("Resource {arn} is not ACTIVE. Current status: {status}.", rule="inferred")
"""The same, where the operation does not model ResourceInUseException."""

HAS_DEPENDANTS = Refusal(
    "ResourceInUseException",
    "Resource {arn} has dependent resources that must be deleted first: {dependants}.",
    rule="documented",
    error="observed",
    source="dg/deleting-resources.html",
)
"""Deletion is blocked."""

INVALID_TOKEN = Refusal(
    "InvalidNextTokenException",
    "The token is not valid.",
    rule="documented",
    error="documented",
    source="dg/API_ListCampaigns.html",
)
"""The page token is malformed or belongs to another list."""
