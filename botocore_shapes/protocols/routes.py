"""Which rest-json operation a method and a path name: templates matched most literal first."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote

from botocore_shapes.http import Request
from botocore_shapes.model import ServiceModel
from botocore_shapes.protocols.base import Route

__all__ = ["RouteTable", "parse_query"]

_LABEL = re.compile(r"\{([^}+]+)(\+?)\}")


def parse_query(query: str) -> dict[str, list[str]]:
    """Every value of each name of a query string, decoded, in their order."""
    found: dict[str, list[str]] = {}
    if query:
        for name, value in parse_qsl(query, keep_blank_values=True, errors="replace"):
            found.setdefault(name, []).append(value)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Template:
    operation: str
    pattern: re.Pattern[str]
    labels: tuple[str, ...]
    literals: Mapping[str, str]

    def match(self, path: str, query: str) -> Route | None:
        found = self.pattern.fullmatch(path)
        if found is None:
            return None
        if self.literals:
            given = parse_query(query)
            if any(value not in given.get(name, ()) for name, value in self.literals.items()):
                return None
        labels = dict(zip(self.labels, map(unquote, found.groups()), strict=True))
        return Route(operation=self.operation, labels=labels)


class RouteTable:
    """The templates of one model; a path without labels is one look-up, the others are tried in turn."""

    def __init__(self, model: ServiceModel) -> None:
        exact: dict[tuple[str, str], Route] = {}
        templates: dict[str, list[tuple[tuple[object, ...], _Template]]] = {}
        for name in model.operation_names:
            http = model.operation_model(name).http
            method, uri = http["method"], http["requestUri"]
            if "{" in uri or "?" in uri:
                template = _compile(name, uri)
                templates.setdefault(method, []).append((_rank(uri), template))
            else:
                exact[method, uri] = Route(operation=name, labels={})
        self._exact = exact
        self._templates = {
            method: [template for _, template in sorted(found, key=lambda pair: pair[0])]
            for method, found in templates.items()
        }

    def find(self, request: Request) -> Route | None:
        """The route of a request, or None. A trailing slash more than the model's is forgiven."""
        found = self._find(request.method, request.path, request.query)
        if found is None and len(request.path) > 1 and request.path.endswith("/"):
            found = self._find(request.method, request.path.rstrip("/"), request.query)
        return found

    def _find(self, method: str, path: str, query: str) -> Route | None:
        exact = self._exact.get((method, path))
        # A template that asks for a literal in the query stands before the same path without it.
        if exact is not None and not query:
            return exact
        for template in self._templates.get(method, ()):
            if exact is not None and not (template.literals and not template.labels):
                continue
            route = template.match(path, query)
            if route is not None:
                return route
        return exact


def _compile(operation: str, uri: str) -> _Template:
    path, _, query = uri.partition("?")
    pieces, labels, at = [], [], 0
    for label in _LABEL.finditer(path):
        pieces += [re.escape(path[at : label.start()]), "(.+)" if label[2] else "([^/]+)"]
        labels.append(label[1])
        at = label.end()
    pieces.append(re.escape(path[at:]))
    return _Template(
        operation=operation,
        pattern=re.compile("".join(pieces)),
        labels=tuple(labels),
        literals=dict(parse_qsl(query, keep_blank_values=True)),
    )


def _rank(uri: str) -> tuple[object, ...]:
    """Literal segments before labels, labels before greedy ones, what goes on before what ends there, more literals in
    the query before fewer."""
    path, _, query = uri.partition("?")
    kinds = tuple(2 if "+}" in part else 1 if "{" in part else 0 for part in path.split("/"))
    return (*kinds, 3), -len(parse_qsl(query, keep_blank_values=True)), uri
