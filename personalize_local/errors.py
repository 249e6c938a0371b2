"""The sentences of errors that several rooms raise; a rule's own sentence stands beside the rule."""

from __future__ import annotations

from collections.abc import Iterable

from botocore_shapes.errors import ServiceError


def invalid_input(message: str) -> ServiceError:
    """A business rule is broken."""
    return ServiceError("InvalidInputException", message)


def not_found(arn: str) -> ServiceError:
    """The ARN names nothing (text observed in programs that were written against the service)."""
    return ServiceError("ResourceNotFoundException", f"Resource Arn {arn} does not exist.")


def already_exists(arn: str) -> ServiceError:
    """The name is taken (text observed)."""
    return ServiceError("ResourceAlreadyExistsException", f"Another resource with Arn {arn} already exists.")


def wrong_arn(member: str, arn: str) -> ServiceError:
    """The ARN is of another kind, account or region (text chosen)."""
    return invalid_input(f"Invalid ARN for {member}: {arn}.")


def moving(arn: str, status: str) -> ServiceError:
    """The resource is between two states (text chosen)."""
    return ServiceError("ResourceInUseException", f"Resource {arn} is in status {status} and cannot be modified.")


def not_active(arn: str, status: str) -> ServiceError:
    """A referenced resource is not ready yet (text chosen)."""
    return ServiceError("ResourceInUseException", f"Resource {arn} is not ACTIVE. Current status: {status}.")


def has_dependants(arn: str, dependants: Iterable[str]) -> ServiceError:
    """Deletion is blocked (text chosen)."""
    listed = ", ".join(dependants)
    return ServiceError(
        "ResourceInUseException", f"Resource {arn} has dependent resources that must be deleted first: {listed}."
    )


def not_implemented(what: str) -> ServiceError:
    """Something that the service has and this emulator does not, refused by name (ours; status 501)."""
    return ServiceError("NotImplementedException", f"{what} is not implemented in Personalize Local.", status=501)


def invalid_token() -> ServiceError:
    """The page token is malformed or belongs to another list (class modelled, text chosen)."""
    return ServiceError("InvalidNextTokenException", "The token is not valid.")
