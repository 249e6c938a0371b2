"""What goes wrong with a request, as exceptions that name the model's error shapes."""

from __future__ import annotations

from typing import Literal

__all__ = [
    "ServiceError",
    "Unanswered",
    "internal_failure",
    "not_implemented",
    "serialization_error",
    "too_large",
    "unknown_operation",
    "unsupported_media_type",
    "validation_error",
]


class ServiceError(Exception):
    """An answer that is an error: ``ServiceError("ResourceNotFoundException", "Resource Arn ... does not exist.")``.

    ``code`` is the name (or modelled code) of an error shape, or a code that AWS gives without modelling it.
    ``status`` overrides the status; left out, the error shape says it, and 400 stands for codes without a shape.
    ``members`` are further members of the error shape; one that is itself named ``status`` is added to the attribute.
    """

    def __init__(self, code: str, message: str, /, *, status: int | None = None, **members: object) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.status = status
        self.members: dict[str, object] = members

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class Unanswered(Exception):
    """A call that is to get no answer: its connection ends. ``kind`` says what the client is to take it for."""

    def __init__(self, kind: Literal["ConnectionClosed", "Timeout"]) -> None:
        super().__init__(kind)
        self.kind = kind


def unknown_operation(message: str, *, status: int) -> ServiceError:
    """No operation of the model is named by the request. Class observed on services of the json protocols."""
    return ServiceError("UnknownOperationException", message, status=status)


def serialization_error(message: str) -> ServiceError:
    """The request cannot be read as the model says. Class and status observed on services of the json protocols."""
    return ServiceError("SerializationException", message, status=400)


def validation_error(message: str) -> ServiceError:
    """The request was read, but breaks constraints of the model. Class observed; most models do not list it."""
    return ServiceError("ValidationException", message, status=400)


def not_implemented(operation: str, service: str) -> ServiceError:
    """The model has the operation and this server does not. Class, status and text chosen."""
    message = f"The operation {operation} of {service} is not implemented by this server."
    return ServiceError("NotImplementedException", message, status=501)


def too_large(limit: int) -> ServiceError:
    """The body is longer than the server reads. Class, status and text chosen after HTTP's 413."""
    message = f"Request body exceeds the maximum allowed length of {limit} bytes."
    return ServiceError("RequestEntityTooLargeException", message, status=413)


def unsupported_media_type(content_type: str) -> ServiceError:
    """A rest-json body of another media type. Status as Smithy's protocol definition asks for; text chosen."""
    message = f"The media type {content_type!r} is not supported; send application/json."
    return ServiceError("UnsupportedMediaTypeException", message, status=415)


def internal_failure() -> ServiceError:
    """A fault of the server. Class and status from AWS's list of common errors; text chosen, it must tell nothing."""
    return ServiceError(
        "InternalFailure", "The request processing has failed because of an internal error.", status=500
    )
