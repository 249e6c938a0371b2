"""The document of a chain read and checked: what is to be made, in which order. Makes no call."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from personalize_local.chains import cloudformation, documents
from personalize_local.chains.errors import ChainError
from personalize_local.chains.model import SECTIONS, Chain, Declared, Key, create_shape, words
from personalize_local.chains.shapes import as_tags, check_keys, mapping, shaped, validate

__all__ = ["read"]

_TOP = ("bucket", "prefix", "role", "schemas", "datasetGroups", "pins", "faults")
_IMPORT = ("importMode", "publishAttributionMetricsToS3", "jobName", "roleArn")
_EXTRA = {
    "dataset": ("type", "schema", "data", *_IMPORT),
    "solution": ("recipe", "train", "campaigns"),
    "recommender": ("recipe",),
}
"""The keys that stand for members, or for other resources."""
_OURS = frozenset({"name", "datasetGroupArn", "schemaArn", "datasetType", "recipeArn", "solutionVersionArn"})
"""The members that the place in the file gives, or a shorter key."""
_SAMPLE = 1 << 18
"""Bytes of a CSV file from which its schema is inferred. Chosen: thousands of rows."""
_PLACEHOLDER = "arn:aws:personalize:us-east-1:000000000000:schema/checked"


def read(chain: Mapping[str, Any] | str | Path, *, base: Path | None = None) -> Chain:
    """Read a chain or a CloudFormation template: a mapping, a YAML or JSON file, or a folder with personalize.yaml.

    Relative paths in it begin at the folder of the file; those of a mapping, and ``chain`` itself, at ``base`` (the
    working directory). Raises ChainError for whatever no call can be made of.
    """
    base = Path(base) if base is not None else Path()
    if isinstance(chain, Mapping):
        document = dict(chain)
    else:
        document, base = documents.load(base / chain)
    if cloudformation.is_template(document):
        document = cloudformation.as_chain(document)
    return _Reader(document, base).chain()


class _Reader:
    def __init__(self, document: dict[str, Any], base: Path) -> None:
        check_keys(document, _TOP, "chain")
        self._document, self._base = document, base
        self._schemas = mapping(document.get("schemas"), "schemas")
        self._groups = mapping(document.get("datasetGroups"), "datasetGroups")

    def chain(self) -> Chain:
        resources = [self._schema(name, given) for name, given in self._schemas.items()]
        for name, given in self._groups.items():
            resources += self._group(str(name), mapping(given, f"datasetGroups.{name}"))
        _check_once(resources)
        texts = {name: self._text(name) for name in ("role", "bucket", "prefix")}
        return Chain(
            resources=tuple(resources),
            role=texts["role"],
            bucket=texts["bucket"],
            prefix=(texts["prefix"] or "chains").strip("/"),
            pins=self._listed("pins"),
            faults=self._listed("faults"),
        )

    def _listed(self, name: str) -> list[Any] | None:
        value = self._document.get(name)
        if value is not None and not isinstance(value, list):
            raise ChainError(f"{name}: a list is needed, not {value!r}")
        return value

    def _text(self, name: str) -> str | None:
        value = self._document.get(name)
        if value is not None and not isinstance(value, str):
            raise ChainError(f"{name}: text is needed, not {value!r}")
        return value

    # Schemas

    def _schema(self, name: str, given: Any) -> Declared:
        where = f"schemas.{name}"
        if isinstance(given, str) or (isinstance(given, Mapping) and "fields" in given):
            given = {"schema": given}
        given = mapping(given, where)
        check_keys(given, ("schema", "domain", "infer", "type"), where)
        if ("schema" in given) == ("infer" in given):
            raise ChainError(f"{where}: either schema or infer is needed")
        if "infer" in given:
            text = self._inferred(given, where)
        else:
            if "type" in given:
                raise ChainError(f"{where}: type belongs to infer")
            text = self._avro(given["schema"], f"{where}.schema")
        params = {"schema": text} | ({"domain": given["domain"]} if "domain" in given else {})
        return _declared("schema", str(name), params, where)

    def _avro(self, given: Any, where: str) -> str:
        """The text of a schema: a mapping, a JSON text, or a path of a file."""
        if isinstance(given, Mapping):
            return json.dumps(given)
        if not isinstance(given, str):
            raise ChainError(f"{where}: an Avro schema or the path of one is needed")
        text = given if given.lstrip().startswith("{") else self._bytes(given, where).decode("utf-8", "replace")
        try:
            json.loads(text)
        except ValueError as error:
            raise ChainError(f"{where}: this is no JSON: {error}") from None
        return text

    def _inferred(self, given: Mapping[str, Any], where: str) -> str:
        from personalize_local.datasets.infer import InferenceError, infer_schema

        if "type" not in given:
            raise ChainError(f"{where}: infer needs the type of the dataset, as INTERACTIONS")
        if "domain" in given:
            raise ChainError(f"{where}: a schema of a domain cannot be inferred; write it")
        sample = self._bytes(str(given["infer"]), f"{where}.infer", _SAMPLE)
        try:
            return infer_schema(sample, str(given["type"]))
        except InferenceError as error:
            raise ChainError(f"{where}.infer: {error}") from None

    def _bytes(self, path: str, where: str, most: int = -1) -> bytes:
        try:
            with (self._base / path).open("rb") as file:
                return file.read(most)
        except OSError as error:
            raise ChainError(f"{where}: {self._base / path} cannot be read: {error.strerror}") from None

    # Dataset groups

    def _group(self, group: str, given: dict[str, Any]) -> Iterator[Declared]:
        where = f"datasetGroups.{group}"
        sections = {name: given.pop(name) for name in SECTIONS if name in given}
        yield _declared("datasetGroup", group, given, where, known=tuple(SECTIONS))
        data: list[Key] = [("datasetGroup", group)]
        for name, dataset in self._section(sections, "datasets", where):
            for resource in self._dataset(group, name, dataset, f"{where}.datasets.{name}"):
                yield resource
                data.append(resource.key)
        ready = tuple(data)
        for section, kind in SECTIONS.items():
            for name, each in self._section(sections, section, where) if section != "datasets" else ():
                at = f"{where}.{section}.{name}"
                if kind == "solution":
                    yield from self._solution(group, name, mapping(each, at), at, ready)
                else:
                    yield self._plain(kind, group, name, each, at, ready)

    @staticmethod
    def _section(sections: Mapping[str, Any], name: str, where: str) -> list[tuple[str, Any]]:
        given = sections.get(name)
        if isinstance(given, list):  # names alone
            given = dict.fromkeys(given)
        return [(str(key), each) for key, each in mapping(given, f"{where}.{name}").items()]

    def _dataset(self, group: str, name: str, given: Any, where: str) -> Iterator[Declared]:
        given = mapping(given, where)
        special = {key: given.pop(key) for key in _EXTRA["dataset"] if key in given}
        label = f"{group}/{name}"
        params = given | {"datasetType": str(special.get("type", name)).upper()}
        references: dict[str, Key] = {"datasetGroupArn": ("datasetGroup", group)}
        schema = special.get("schema")
        if isinstance(schema, str) and schema.startswith("arn:"):
            params["schemaArn"] = schema
        elif schema in self._schemas:
            references["schemaArn"] = ("schema", str(schema))
        else:
            declared = ", ".join(map(str, self._schemas)) or "none"
            raise ChainError(f"{where}.schema: {schema!r} is not declared; the schemas are {declared}")
        after = (references["datasetGroupArn"],)
        yield _declared(
            "dataset", name, params, where, label=label, references=references, after=after, known=_EXTRA["dataset"]
        )
        if "data" in special:
            yield self._import(label, special, where)
        elif job := [key for key in _IMPORT if key in special]:
            raise ChainError(f"{where}.{job[0]}: it belongs to data, which is not given")

    def _import(self, label: str, special: Mapping[str, Any], where: str) -> Declared:
        given = special["data"] if isinstance(special["data"], list) else [special["data"]]
        paths = [str(each) for each in given]
        if not paths:
            raise ChainError(f"{where}.data: a file or an s3:// location is needed")
        remote = [path for path in paths if path.startswith("s3://")]
        if remote and len(paths) > 1:
            raise ChainError(f"{where}.data: one s3:// location (a file or a folder) or local files")
        files = () if remote else tuple(self._data_file(path, f"{where}.data") for path in paths)
        if len({file.name for file in files}) < len(files):
            raise ChainError(f"{where}.data: two files have the same name")
        params = {"dataSource": {"dataLocation": remote[0] if remote else "s3://bucket/key"}}
        params |= {key: special[key] for key in _IMPORT if key in special}
        references: dict[str, Key] = {"datasetArn": ("dataset", label)}
        checked = {"jobName": "job", **params}
        declared = _declared(
            "datasetImportJob", label, checked, where, references=references, after=(("dataset", label),), files=files
        )
        params = {key: value for key, value in declared.params.items() if key != "jobName" or "jobName" in special}
        return Declared(
            kind=declared.kind,
            name=label,
            label=label,
            params=params,
            references=references,
            after=declared.after,
            files=files,
        )

    def _data_file(self, path: str, where: str) -> Path:
        file = self._base / path
        if not file.is_file():
            raise ChainError(f"{where}: there is no file {file}")
        return file

    def _plain(self, kind: str, group: str, name: str, given: Any, where: str, after: tuple[Key, ...]) -> Declared:
        if kind == "filter" and isinstance(given, str):
            given = {"filterExpression": given}
        if kind == "recommender" and isinstance(given, str):
            given = {"recipe": given}
        params = _with_recipe(mapping(given, where))
        references: dict[str, Key] = {"datasetGroupArn": ("datasetGroup", group)}
        known = _EXTRA.get(kind, ())
        return _declared(kind, name, params, where, references=references, after=after, known=known)

    def _solution(
        self, group: str, name: str, given: dict[str, Any], where: str, after: tuple[Key, ...]
    ) -> Iterator[Declared]:
        campaigns = self._section({"campaigns": given.pop("campaigns", None)}, "campaigns", where)
        train = given.pop("train", bool(campaigns))
        references: dict[str, Key] = {"datasetGroupArn": ("datasetGroup", group)}
        params = _with_recipe(given)
        known = _EXTRA["solution"]
        yield _declared("solution", name, params, where, references=references, after=after, known=known)
        if train is not False:
            training = {"when": train} if isinstance(train, str) else {} if train is True else train
            yield self._training(name, mapping(training, f"{where}.train"), f"{where}.train", after)
        elif campaigns:
            raise ChainError(f"{where}.train: campaigns need a training")
        for title_, campaign in campaigns:
            at, settings = f"{where}.campaigns.{title_}", mapping(campaign, f"{where}.campaigns.{title_}")
            version = ("solutionVersion", name)
            link: dict[str, Key] = {"solutionVersionArn": version}
            yield _declared("campaign", title_, settings, at, references=link, after=(version,))

    def _training(self, solution: str, given: dict[str, Any], where: str, after: tuple[Key, ...]) -> Declared:
        when = given.pop("when", "once")
        if when not in ("once", "onNewData"):
            raise ChainError(f"{where}: {when!r} is not known; there is once and onNewData")
        link: dict[str, Key] = {"solutionArn": ("solution", solution)}
        return _declared(
            "solutionVersion",
            solution,
            given,
            where,
            references=link,
            after=(*after, link["solutionArn"]),
            again=when == "onNewData",
            known=("when", "name"),
        )


def _with_recipe(params: dict[str, Any]) -> dict[str, Any]:
    if "recipe" not in params:
        return params
    recipe = str(params.pop("recipe"))
    return params | {"recipeArn": recipe if recipe.startswith("arn:") else f"arn:aws:personalize:::recipe/{recipe}"}


def _declared(kind: str, name: str, params: Mapping[str, Any], where: str, **more: Any) -> Declared:
    """A resource whose params the model takes. ``known`` are further keys that the file may have in its place."""
    shape = create_shape(kind)
    references, known = more.pop("references", {}), more.pop("known", ())
    inner = {key for key in params if key in _OURS}
    hidden = set(shape.members) - (_OURS - inner) - set(references)
    check_keys(params, (hidden | set(known)) - {"solutionArn", "datasetArn"}, where)
    checked: dict[str, Any] = {}
    for key, value in params.items():
        if key not in shape.members:
            raise ChainError(f"{where}.{key}: it has no meaning here")
        checked[key] = as_tags(value, f"{where}.tags") if key == "tags" else value
        checked[key] = shaped(checked[key], shape.members[key], f"{where}.{key}")
    naming = {"name": name} if "name" in shape.required_members else {}
    sent = {**checked, **naming, **dict.fromkeys(references, _PLACEHOLDER)}
    if "metricsOutputConfig" in sent:  # its role may be the chain's, or come with the command
        sent["metricsOutputConfig"] = {"roleArn": _PLACEHOLDER, **sent["metricsOutputConfig"]}
    validate(sent, shape, where)
    return Declared(kind=kind, name=name, label=more.pop("label", name), params=checked, references=references, **more)


def _check_once(resources: list[Declared]) -> None:
    seen: set[Key] = set()
    for resource in resources:
        if resource.key in seen:
            raise ChainError(f"{resource.label}: two of the kind {words(resource.kind)} have this name")
        seen.add(resource.key)
