"""The admin page that explains an answer of the runtime service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from flask import Blueprint, jsonify, request

from botocore_shapes.errors import ServiceError

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

__all__ = ["Explaining", "add_explanation_page"]


class Explaining(Protocol):
    """What the page needs of the emulator."""

    def explain(self, asked: object) -> dict[str, Any]:
        """How an answer comes about, as JSON values. Raises ValueError and ServiceError."""
        ...


def add_explanation_page(pages: Blueprint, emulator: Explaining) -> None:
    """Add ``POST /explain``: the parameters of GetRecommendations or, with inputList, of GetPersonalizedRanking."""

    @pages.post("/explain")
    def explain() -> ResponseReturnValue:
        try:
            return jsonify(emulator.explain(request.get_json(silent=True) if request.is_json else None))
        except ServiceError as error:
            status = 404 if error.code == "ResourceNotFoundException" else 400
            return jsonify({"status": "error", "code": error.code, "message": error.message}), status
        except ValueError as error:
            return jsonify({"status": "error", "message": str(error)}), 400
