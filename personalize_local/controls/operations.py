"""Which errors an operation can be told to fail with: those of its model, and those that every AWS service has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

from botocore_shapes.errors import ServiceError
from botocore_shapes.model import OperationModel, ServiceModel
from personalize_local.controls.declaring import DeclarationError

COMMON: Mapping[str, int] = {
    "AccessDeniedException": 400,
    "ExpiredTokenException": 403,
    "InternalFailure": 500,
    "ServiceUnavailable": 503,
    "ThrottlingException": 400,
    "UnrecognizedClientException": 403,
}
"""Errors that no model lists, with their status (documented: dg/CommonErrors.html; boto3 has no class of its own for
them and raises ClientError)."""


class Operations:
    """The operations of all services, by name."""

    def __init__(self, models: Iterable[ServiceModel]) -> None:
        self._found: dict[str, OperationModel] = {
            name: model.operation_model(name) for model in models for name in model.operation_names
        }

    def matching(self, pattern: str) -> list[str]:
        """Names that a name or glob stands for. Raises DeclarationError where there are none."""
        found = [name for name in self._found if fnmatchcase(name, pattern)]
        if not found:
            raise DeclarationError(f"no operation is named {pattern}")
        return found

    def errors(self, name: str) -> list[str]:
        """The error classes that the model lists for an operation."""
        return [shape.name for shape in self._found[name].error_shapes]

    def failing(self, pattern: str, code: str) -> frozenset[str]:
        """The operations of ``pattern`` that can fail with ``code``. Raises DeclarationError where none can."""
        names = self.matching(pattern)
        able = names if code in COMMON else [name for name in names if code in self.errors(name)]
        if not able:
            known = sorted({error for name in names for error in self.errors(name)})
            raise DeclarationError(
                f"{code} is no error of {pattern}; its model has {', '.join(known) or 'none'}, and every operation "
                f"{', '.join(COMMON)}"
            )
        return frozenset(able)


def made(code: str, message: str | None) -> ServiceError:
    """The error of a class, with its own words or ours."""
    return ServiceError(code, message or f"{code} was asked for.", status=COMMON.get(code))
