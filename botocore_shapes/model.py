"""Which operations and shapes a service has, read from the models that botocore carries.

The files are read directly and offered under the names that ``botocore.model`` uses (``operation_names``,
``operation_model(name).input_shape.members[...]``). Importing ``botocore.model`` itself would bring urllib3, ssl and
http.client into a server that opens no connection: about a tenth of a second and 19 MB at every start.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

__all__ = ["OperationModel", "ServiceModel", "Shape", "available_services", "load_service_model"]

_SERIALIZATION = (
    "location",
    "payload",
    "streaming",
    "timestampFormat",
    "eventstream",
    "event",
    "eventheader",
    "eventpayload",
    "jsonvalue",
    "hostLabel",
    "flattened",
)
_METADATA = (
    "required",
    "min",
    "max",
    "pattern",
    "sensitive",
    "enum",
    "idempotencyToken",
    "error",
    "exception",
    "document",
    "union",
)


class Shape:
    """One shape of a model, with what a reference to it overrides already merged in.

    ``traits`` is the merged description as the model file writes it; the properties name what is read often.
    """

    def __init__(self, name: str, traits: Mapping[str, Any], service: ServiceModel) -> None:
        self.name = name
        self.traits = traits
        self.type_name: str = traits["type"]
        self._service = service

    @cached_property
    def members(self) -> dict[str, Shape]:
        """Members of a structure by member name, in the model's order; empty for the other types."""
        return {name: self._service.resolve(reference) for name, reference in self.traits.get("members", {}).items()}

    @cached_property
    def member(self) -> Shape:
        """Element shape of a list."""
        return self._service.resolve(self.traits["member"])

    @cached_property
    def key(self) -> Shape:
        """Key shape of a map."""
        return self._service.resolve(self.traits["key"])

    @cached_property
    def value(self) -> Shape:
        """Value shape of a map."""
        return self._service.resolve(self.traits["value"])

    @property
    def required_members(self) -> Sequence[str]:
        required: Sequence[str] = self.traits.get("required", ())
        return required

    @property
    def enum(self) -> Sequence[str]:
        values: Sequence[str] = self.traits.get("enum", ())
        return values

    @property
    def is_document_type(self) -> bool:
        return bool(self.traits.get("document"))

    @property
    def is_tagged_union(self) -> bool:
        return bool(self.traits.get("union"))

    @property
    def is_sensitive(self) -> bool:
        return bool(self.traits.get("sensitive"))

    @property
    def event_stream_name(self) -> str | None:
        """Name of the member that is an event stream, if the structure has one."""
        return next((name for name, member in self.members.items() if member.traits.get("eventstream")), None)

    @property
    def serialization(self) -> dict[str, Any]:
        """Traits that say where and how a value travels; ``locationName`` under the key ``name``."""
        found = {key: self.traits[key] for key in _SERIALIZATION if key in self.traits}
        if "locationName" in self.traits:
            found["name"] = self.traits["locationName"]
        return found

    @property
    def metadata(self) -> dict[str, Any]:
        """Traits that constrain or classify a value."""
        return {key: self.traits[key] for key in _METADATA if key in self.traits}

    def variant(self, name: str, **traits: Any) -> Shape:
        """The same shape under another name and with other traits."""
        return Shape(name, {**self.traits, **traits}, self._service)

    def __repr__(self) -> str:
        return f"<Shape {self.name}: {self.type_name}>"


class OperationModel:
    """One operation of a service."""

    def __init__(self, name: str, traits: Mapping[str, Any], service: ServiceModel) -> None:
        self.name = name
        self.traits = traits
        self.service_model = service

    @property
    def http(self) -> Mapping[str, Any]:
        """``method``, ``requestUri`` and, where modelled, ``responseCode``."""
        http: Mapping[str, Any] = self.traits["http"]
        return http

    @property
    def endpoint(self) -> Mapping[str, Any] | None:
        """``hostPrefix``, where modelled: it changes the host that is called, never the parameters."""
        return self.traits.get("endpoint")

    @cached_property
    def input_shape(self) -> Shape | None:
        return self._shape("input")

    @cached_property
    def output_shape(self) -> Shape | None:
        return self._shape("output")

    @cached_property
    def error_shapes(self) -> list[Shape]:
        return [self.service_model.resolve(reference) for reference in self.traits.get("errors", ())]

    def _shape(self, role: str) -> Shape | None:
        reference = self.traits.get(role)
        return None if reference is None else self.service_model.resolve(reference)

    def __repr__(self) -> str:
        return f"<OperationModel {self.name}>"


class ServiceModel:
    """One service: its metadata, operations and shapes."""

    def __init__(self, description: Mapping[str, Any], service_name: str) -> None:
        self.service_name = service_name
        self._description = description
        self._shapes: dict[str, Shape] = {}
        self._operations: dict[str, OperationModel] = {}

    @property
    def metadata(self) -> Mapping[str, Any]:
        metadata: Mapping[str, Any] = self._description["metadata"]
        return metadata

    @property
    def protocols(self) -> Sequence[str]:
        """Every protocol that the service speaks, the model's preferred one first."""
        return self.metadata.get("protocols") or [self.metadata["protocol"]]

    @cached_property
    def operation_names(self) -> list[str]:
        return list(self._description["operations"])

    @property
    def shape_names(self) -> list[str]:
        return list(self._description["shapes"])

    @property
    def is_query_compatible(self) -> bool:
        return "awsQueryCompatible" in self.metadata

    def operation_model(self, name: str) -> OperationModel:
        """The operation of this name; ``KeyError`` when the model has none."""
        found = self._operations.get(name)
        if found is None:
            found = self._operations[name] = OperationModel(name, self._description["operations"][name], self)
        return found

    def shape_for(self, name: str) -> Shape:
        """The shape of this name; ``KeyError`` when the model has none."""
        found = self._shapes.get(name)
        if found is None:
            found = self._shapes[name] = Shape(name, self._description["shapes"][name], self)
        return found

    @cached_property
    def error_shapes(self) -> dict[str, Shape]:
        """Every exception shape, by shape name."""
        return {
            name: self.shape_for(name)
            for name, traits in self._description["shapes"].items()
            if traits.get("exception")
        }

    def resolve(self, reference: Mapping[str, Any]) -> Shape:
        """The shape that a reference (``{"shape": name, ...}``) names, with the reference's own traits over it."""
        base = self.shape_for(reference["shape"])
        overrides = {key: value for key, value in reference.items() if key not in ("shape", "documentation")}
        return base if not overrides else Shape(base.name, {**base.traits, **overrides}, self)

    def __repr__(self) -> str:
        return f"<ServiceModel {self.service_name}>"


def load_service_model(name: str) -> ServiceModel:
    """Read the newest model of a service from the installed botocore.

    Not cached: whoever keeps the model decides how long it lives. Raises ``LookupError`` for a name that botocore
    does not carry.
    """
    folder = _data_folder() / name
    versions = sorted(path.parent for path in folder.glob("*/service-2.json*")) if name else []
    if not versions:
        raise LookupError(f"botocore carries no model of a service named {name!r}")
    description = _read(versions[-1], "service-2")
    # The same extension files that botocore's own loader lays over a model.
    if any(versions[-1].glob("service-2.sdk-extras.json*")):
        _merge(description, _read(versions[-1], "service-2.sdk-extras").get("merge", {}))
    return ServiceModel(description, name)


def available_services() -> list[str]:
    """Names of all services of which the installed botocore carries a model, sorted."""
    return sorted({path.parent.parent.name for path in _data_folder().glob("*/*/service-2.json*")})


def _data_folder() -> Path:
    spec = importlib.util.find_spec("botocore")
    if spec is None or spec.origin is None:
        raise LookupError("botocore is not installed")
    return Path(spec.origin).parent / "data"


def _read(folder: Path, stem: str) -> dict[str, Any]:
    plain = folder / f"{stem}.json"
    if plain.exists():
        content = plain.read_bytes()
    else:
        import gzip

        content = gzip.decompress((folder / f"{stem}.json.gz").read_bytes())
    description: dict[str, Any] = json.loads(content)
    return description


def _merge(base: dict[str, Any], extra: Mapping[str, Any]) -> None:
    for key, value in extra.items():
        if isinstance(value, dict) and isinstance(base.get(key), dict):
            _merge(base[key], value)
        else:
            base[key] = value
