"""CloudFormation templates of ``AWS::Personalize::*`` read as the chain that they stand for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from personalize_local.chains.errors import ChainError
from personalize_local.chains.model import create_shape
from personalize_local.chains.shapes import check_keys, mapping

_TYPE = "AWS::Personalize::"
# Source: the AWS CloudFormation template reference, Amazon Personalize.
_PROPERTIES = {
    "Schema": ("Name", "Schema", "Domain"),
    "DatasetGroup": ("Name", "RoleArn", "KmsKeyArn", "Domain"),
    "Dataset": ("Name", "DatasetType", "DatasetGroupArn", "SchemaArn", "DatasetImportJob"),
    "Solution": (
        "Name",
        "DatasetGroupArn",
        "RecipeArn",
        "EventType",
        "PerformAutoML",
        "PerformHPO",
        "SolutionConfig",
    ),
}
_IMPORT = ("JobName", "DatasetImportJobArn", "DatasetArn", "DataSource", "RoleArn")
_ATTRIBUTES = ("Type", "Properties", "DependsOn", "Metadata", "DeletionPolicy", "UpdateReplacePolicy")
_TOP = ("AWSTemplateFormatVersion", "Description", "Metadata", "Resources", "Outputs")
_WHOLE = re.compile(r"\$\{(\w+)(?:\.(\w+))?\}")


def is_template(document: Mapping[str, Any]) -> bool:
    """Whether a document is a template rather than a chain."""
    return "AWSTemplateFormatVersion" in document or "Resources" in document


def as_chain(template: Mapping[str, Any]) -> dict[str, Any]:
    """The chain document of a template. Outputs are not read. Raises ChainError for what is not understood."""
    check_keys(template, _TOP, "template")
    return _Template(template).chain()


class _Template:
    def __init__(self, template: Mapping[str, Any]) -> None:
        self.types: dict[str, str] = {}
        self.properties: dict[str, dict[str, Any]] = {}
        for logical, given in mapping(template.get("Resources"), "Resources").items():
            self._add(logical, mapping(given, logical))

    def _add(self, logical: str, given: dict[str, Any]) -> None:
        check_keys(given, _ATTRIBUTES, logical)
        type_ = str(given.get("Type"))
        kind = type_.removeprefix(_TYPE)
        if not type_.startswith(_TYPE) or kind not in _PROPERTIES:
            known = ", ".join(_TYPE + name for name in _PROPERTIES)
            raise ChainError(f"{logical}: the type {type_} is not read; there is {known}")
        properties = mapping(given.get("Properties"), logical)
        check_keys(properties, _PROPERTIES[kind], logical)
        if not isinstance(properties.get("Name"), str):
            raise ChainError(f"{logical}: Name must be a plain text")
        self.types[logical], self.properties[logical] = kind, properties

    def chain(self) -> dict[str, Any]:
        schemas: dict[str, Any] = {}
        groups: dict[str, Any] = {}
        for logical, given in self._of("Schema"):
            schema = {"schema": self._plain(given.get("Schema"), f"{logical}.Schema")}
            schemas[given["Name"]] = schema | self._members(logical, given, "schema", ("Domain",))
        for logical, given in self._of("DatasetGroup"):
            members = ("RoleArn", "KmsKeyArn", "Domain")
            groups[given["Name"]] = self._members(logical, given, "datasetGroup", members)
        for logical, given in self._of("Dataset"):
            self._section(groups, logical, given, "datasets")[given["Name"]] = self._dataset(logical, given)
        for logical, given in self._of("Solution"):
            self._section(groups, logical, given, "solutions")[given["Name"]] = self._solution(logical, given)
        return {"schemas": schemas, "datasetGroups": groups}

    def _of(self, kind: str) -> list[tuple[str, dict[str, Any]]]:
        return [(logical, self.properties[logical]) for logical, type_ in self.types.items() if type_ == kind]

    def _section(self, groups: dict[str, Any], logical: str, given: Mapping[str, Any], name: str) -> dict[str, Any]:
        group = self._reference(given.get("DatasetGroupArn"), "DatasetGroup", f"{logical}.DatasetGroupArn")
        section: dict[str, Any] = groups[self.properties[group]["Name"]].setdefault(name, {})
        return section

    def _dataset(self, logical: str, given: Mapping[str, Any]) -> dict[str, Any]:
        schema = given.get("SchemaArn")
        if not (isinstance(schema, str) and schema.startswith("arn:")):
            schema = self.properties[self._reference(schema, "Schema", f"{logical}.SchemaArn")]["Name"]
        dataset = {"type": self._plain(given.get("DatasetType"), f"{logical}.DatasetType"), "schema": schema}
        where = f"{logical}.DatasetImportJob"
        job = mapping(given.get("DatasetImportJob"), where)
        check_keys(job, _IMPORT, where)
        source = mapping(job.get("DataSource"), f"{where}.DataSource")
        check_keys(source, ("DataLocation",), f"{where}.DataSource")
        if "DatasetArn" in job and self._reference(job["DatasetArn"], "Dataset", f"{where}.DatasetArn") != logical:
            raise ChainError(f"{where}.DatasetArn: it must be the dataset's own")
        if "DatasetImportJobArn" in job:
            raise ChainError(f"{where}.DatasetImportJobArn: it is the service's to give")
        if job:
            dataset["data"] = self._plain(source.get("DataLocation"), f"{where}.DataSource.DataLocation")
            named = (("jobName", "JobName"), ("roleArn", "RoleArn"))
            dataset |= {to: self._plain(job[name], f"{where}.{name}") for to, name in named if name in job}
        return dataset

    def _solution(self, logical: str, given: Mapping[str, Any]) -> dict[str, Any]:
        members = tuple(name for name in _PROPERTIES["Solution"] if name not in ("Name", "DatasetGroupArn"))
        solution = self._members(logical, given, "solution", members)
        return solution | ({"recipe": solution.pop("recipeArn")} if "recipeArn" in solution else {})

    def _members(self, logical: str, given: Mapping[str, Any], kind: str, names: tuple[str, ...]) -> dict[str, Any]:
        shape = create_shape(kind)
        wanted = {name: self._plain(given[name], f"{logical}.{name}") for name in names if name in given}
        renamed: dict[str, Any] = _renamed(wanted, shape, logical)
        return renamed

    def _plain(self, value: Any, where: str) -> Any:
        """A value without functions in it."""
        if isinstance(value, Mapping):
            for name in value:
                if name in ("Ref", "Condition") or str(name).startswith("Fn::"):
                    raise ChainError(
                        f"{where}: {name} is not read here; only references to schemas, groups and datasets are"
                    )
            return {name: self._plain(each, f"{where}.{name}") for name, each in value.items()}
        return [self._plain(each, where) for each in value] if isinstance(value, list) else value

    def _reference(self, value: Any, kind: str, where: str) -> str:
        """The logical name that a Ref, Fn::GetAtt or Fn::Sub of the ARN of a resource of ``kind`` names."""
        logical, attribute = self._named(value, where)
        if self.types.get(logical) != kind:
            there = self.types.get(logical)
            what = f"is of type {_TYPE}{there}" if there else "is no resource of the template"
            raise ChainError(f"{where}: {logical} {what}; {_TYPE}{kind} is needed")
        if attribute not in (None, f"{kind}Arn"):
            raise ChainError(f"{where}: the attribute {attribute} is not read; there is {kind}Arn")
        return logical

    @staticmethod
    def _named(value: Any, where: str) -> tuple[str, str | None]:
        if isinstance(value, Mapping) and len(value) == 1:
            (function, given), *_ = value.items()
            if function == "Ref":
                return str(given), None
            if function == "Fn::GetAtt":
                logical, _, attribute = (given if isinstance(given, str) else ".".join(map(str, given))).partition(".")
                return logical, attribute
            found = _WHOLE.fullmatch(given) if function == "Fn::Sub" and isinstance(given, str) else None
            if found:
                return found[1], found[2]
            raise ChainError(
                f"{where}: {function} of {given!r} is not read; there is Ref, Fn::GetAtt, and Fn::Sub of one ARN"
            )
        raise ChainError(f"{where}: a Ref, Fn::GetAtt or Fn::Sub of a resource of the template is needed")


def _renamed(value: Any, shape: Any, where: str) -> Any:
    """A value with the member names of the API for those of CloudFormation, which begin with a capital."""
    if shape.type_name == "structure" and isinstance(value, Mapping):
        known = {name.casefold(): name for name in shape.members}
        capital = [name[0].upper() + name[1:] for name in shape.members]
        check_keys({key: each for key, each in value.items() if str(key).casefold() not in known}, capital, where)
        names = {key: known[str(key).casefold()] for key in value}
        return {names[key]: _renamed(each, shape.members[names[key]], f"{where}.{key}") for key, each in value.items()}
    if shape.type_name == "list" and isinstance(value, list):
        return [_renamed(each, shape.member, where) for each in value]
    # CloudFormation takes 'true' for true.
    if shape.type_name == "boolean" and value in ("true", "false"):
        return value == "true"
    return value
