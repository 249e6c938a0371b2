"""What the emulator declares of its own faithfulness, and which operations it serves, as pages of documentation."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import personalize_local
from botocore_shapes.model import ServiceModel, load_service_model
from personalize_local import events, runtime, settings
from personalize_local.provenance import Provenance, Refusal, Rule, Sentence
from personalize_local.recipes import RECIPES
from personalize_local.resources import control_plane
from personalize_local.resources.quotas import QUOTAS, Quota
from personalize_local.resources.verbs import Handler, Verbs

__all__ = ["PAGES", "Declared", "declarations", "fidelity_as_markdown", "operations_as_markdown"]

_SISTER = "https://github.com/aws-samples/amazon-forecast-samples/issues/118, a sister service"
_CAPTURED = "captured answers in AWS's sample notebooks"

# What botocore_shapes does for any service of these protocols, as far as it is known of this one.
RULES = (
    Rule(
        says="A request that breaks constraints of the service model is refused with ValidationException and status "
        "400: 1 validation error detected: Value 'VALUE' at 'MEMBER' failed to satisfy constraint: CLAUSE. Several "
        "clauses are joined by semicolons.",
        known="inferred",
        source=_SISTER,
    ),
    Rule(
        says="The clause of a pattern and those of elements in collections have the words seen on sister services; "
        "the clauses of lengths, values, enumerations and missing members have the usual ones of their framework.",
        known="inferred",
        source=_SISTER,
    ),
    Rule(says="The patterns of the model hold for the whole value.", known="inferred"),
    Rule(says="Values that the model marks as sensitive are not shown in sentences.", known="inferred"),
    Rule(
        says="A body that is no JSON, and a value of a wrong JSON type, are refused with SerializationException and "
        "status 400.",
        known="inferred",
        source="seen on services of the same protocols; the words for bodies that are no JSON are ours",
    ),
    Rule(
        says="A call that names no operation is refused with UnknownOperationException: status 400 for an unknown "
        "target, 404 for an unknown path or a foreign media type.",
        known="inferred",
        source="seen on services of the same protocols; the words are ours",
    ),
    Rule(
        says="An operation that is not served is refused with NotImplementedException and status 501, by its name.",
        known="chosen",
    ),
    Rule(
        says="A body longer than the setting max-body is refused with RequestEntityTooLargeException and status 413.",
        known="chosen",
    ),
    Rule(
        says="A call of the runtime or the events service that is no JSON by its media type is refused with "
        "UnsupportedMediaTypeException and status 415.",
        known="inferred",
        source="Smithy's definition of the protocol",
    ),
    Rule(
        says="A fault of the server is InternalFailure with status 500; its words tell nothing and are ours.",
        known="documented",
        source="dg/CommonErrors.html",
    ),
    Rule(
        says="Errors that the model has answer with its status: 400 on the control plane, 400, 404 and 409 elsewhere.",
        known="documented",
        source="service model",
    ),
    Rule(
        says="The class of an error is __type in the body on the control plane, the header x-amzn-errortype elsewhere; "
        "its words are message in the body.",
        known="inferred",
        source="the definitions of the protocols",
    ),
    Rule(
        says="Answers carry x-amzn-requestid, content-length and a content type of application/x-amz-json-1.1 on the "
        "control plane, application/json elsewhere.",
        known="observed",
        source=_CAPTURED,
    ),
    Rule(
        says="The security headers of answers since 2024 (strict-transport-security and others) are left out.",
        known="chosen",
    ),
    Rule(says="Members without a value are left out and never null.", known="observed", source=_CAPTURED),
    Rule(says="Times are epoch seconds with three decimals.", known="observed", source=_CAPTURED),
    Rule(
        says="Signatures are read and not verified: their scope gives the region, and an access key of twelve digits "
        "is the account.",
        known="chosen",
    ),
)

_ROOMS = {
    "errors": "All services",
    "throttling": "All services",
    "ledger": "Protocols",
    "resources": "Control plane",
    "runtime": "Runtime",
    "events": "Events",
    "attribution": "Metric attribution",
    "datasets": "Data",
    "filters": "Filters",
    "jobs": "Jobs",
    "batch": "Batch jobs",
    "costs": "Costs",
    "controls": "Declared answers and faults",
    "recipes": "Recipes",
    "engine": "Recipes",
}
_REST = "Elsewhere"
_MARKS: tuple[str, ...] = get_args(Provenance)

_GUIDE = "https://docs.aws.amazon.com/personalize/latest/"
_PAGE = re.compile(r"\bdg/[\w-]+\.html")

_FIDELITY = """\
# Fidelity

What the emulator says and does where Amazon Personalize would, and how it is known that the service does the same.
Everything here is declared in the code, beside what it is about; this page is made of those declarations.

| mark | meaning |
|---|---|
| documented | The developer guide or the service model says so. |
| observed | Seen in captured output of the service, or in programs that were written against it. |
| inferred | Concluded from neighbouring facts, or from a sister service. |
| chosen | Nothing was found; this is ours. |

A refusal has three marks: how it is known that the call is refused, that the error has this class, and that it has
these words. (Programs branch on the class and hardly ever on the words.) Braces stand for what differs from call to
call. Sources that begin with `dg/` are pages of the developer guide.
"""

_OPERATIONS = """\
# Operations

Every operation of the three service models. One that is not served answers `NotImplementedException` with status 501.
*Derived* operations are made of the declaration of their resource and of the service model, by `resources.verbs`; the
others have a function of their own in the module that is named.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """A sentence or rule: ``module`` is where it is assigned, without the package's name; ``name`` is its constant."""

    module: str
    name: str
    what: Refusal | Sentence | Rule

    @property
    def room(self) -> str:
        """The heading that it goes under."""
        return _ROOMS.get(self.module.partition(".")[0], _REST)


def declarations() -> tuple[Declared, ...]:
    """Every sentence and rule of the package, by module and then in the order of its source; each one once."""
    found: dict[int, Declared] = {}
    for module in _modules():
        for declared in _declared_in(module):
            found.setdefault(id(declared.what), declared)
    return tuple(found.values())


def _modules() -> list[str]:
    package = personalize_local.__name__
    names = (module.name for module in pkgutil.walk_packages(personalize_local.__path__, f"{package}."))
    return sorted(name for name in names if not name.endswith(".__main__"))


def _declared_in(name: str) -> Iterator[Declared]:
    module = importlib.import_module(name)
    short = name.partition(".")[2]
    # What a module assigns itself: imported names are declared elsewhere.
    for constant in _assigned(Path(str(module.__file__)).read_text(encoding="utf-8")):
        value = getattr(module, constant, None)
        if isinstance(value, Refusal | Sentence):
            yield Declared(module=short, name=constant, what=value)
        elif isinstance(value, Mapping):
            for key, member in value.items():
                if isinstance(member, Refusal | Sentence):
                    yield Declared(module=short, name=f"{constant}[{getattr(key, 'name', key)}]", what=member)
        elif constant == "RULES":
            for rule in value or ():
                yield Declared(module=short, name=constant, what=rule)


def _assigned(source: str) -> Iterator[str]:
    for node in ast.parse(source).body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        for target in targets:
            if isinstance(target, ast.Name):
                yield target.id


def fidelity_as_markdown() -> str:
    """Every declared sentence, rule, quota and stand-in with its provenance."""
    declared = declarations()
    pieces = [_FIDELITY, "## Summary\n", _summary(declared)]
    for room in dict.fromkeys([*_ROOMS.values(), _REST]):
        here = [each for each in declared if each.room == room]
        if here:
            pieces += [f"## {room}\n", *_tables(here)]
    pieces += [
        "## Quotas\n",
        "Most limits count resources that stand or that are not made yet; the others are checked beside their rules.\n"
        "The setting `quotas` adjusts them by name.\n",
        _table(("name", "default", "counts", "per", "known", "source"), map(_quota_row, QUOTAS)),
        "## Stand-in recipes\n",
        "These recipes are trained and served as another one, until they have a learning of their own.\n",
        _table(("recipe", "learns as"), _stand_ins()),
    ]
    page = "\n".join(pieces)
    links = (f"[{name}]: {_GUIDE}{name}" for name in sorted(set(re.findall(rf"\[({_PAGE.pattern})\]", page))))
    return "\n".join([page, *links]) + "\n"


def _summary(declared: Sequence[Declared]) -> str:
    refusals = [each.what for each in declared if isinstance(each.what, Refusal)]
    sentences = [each.what for each in declared if isinstance(each.what, Sentence)]
    counted: tuple[tuple[str, list[Provenance]], ...] = (
        ("refusals: that the call is refused", [each.rule for each in refusals]),
        ("refusals: the class of the error", [each.error for each in refusals]),
        ("refusals: the words", [each.wording for each in refusals]),
        ("other sentences: that it is said", [each.rule for each in sentences]),
        ("other sentences: the words", [each.wording for each in sentences]),
        ("rules", [each.what.known for each in declared if isinstance(each.what, Rule)]),
        ("quotas", [quota.known for quota in QUOTAS]),
    )
    rows = []
    for what, marks in counted:
        counts = Counter(marks)
        rows.append((what, *(str(counts[mark]) for mark in _MARKS), str(len(marks))))  # type: ignore[index]
    return _table(("", *_MARKS, "all"), rows)


def _tables(declared: Sequence[Declared]) -> Iterator[str]:
    said = [row for each in declared if (row := _sentence_row(each)) is not None]
    if said:
        yield _table(("declared as", "class or place", "text", "refused", "class", "words", "source"), said)
    rules = [
        (f"`{each.module}`", _plain(each.what.says), each.what.known, _linked(each.what.source))
        for each in declared
        if isinstance(each.what, Rule)
    ]
    if rules:
        yield _table(("declared in", "rule", "known", "source"), rules)


def _quota_row(quota: Quota) -> tuple[str, ...]:
    return (
        f"`{quota.name}`",
        str(quota.default),
        quota.counts or "",
        quota.per,
        quota.known,
        _linked(quota.source),
    )


def _stand_ins() -> Iterator[tuple[str, str]]:
    for name, recipe in RECIPES.items():
        if recipe.available and recipe.learns_as:
            yield f"`{name}`", f"`{recipe.learns_as}`"


def _sentence_row(declared: Declared) -> tuple[str, ...] | None:
    match declared.what:
        case Refusal() as what:
            place, error = f"{what.code} ({what.status})" if what.status else what.code, str(what.error)
        case Sentence() as what:
            place, error = what.said, ""
        case _:
            return None
    where = f"`{declared.module}.{declared.name}`"
    return (where, place, _code(what.text), what.rule, error, what.wording, _linked(what.source))


def operations_as_markdown() -> str:
    """Every operation of the three services: whether it is served, by what, and the errors that the model gives it."""
    pieces = [_OPERATIONS]
    handlers: Mapping[str, Callable[[ServiceModel], Mapping[str, Handler]]] = {
        "personalize": control_plane,
        "personalize-runtime": lambda _: runtime.HANDLERS,
        "personalize-events": lambda _: events.HANDLERS,
    }
    for name, handlers_of in handlers.items():
        model = load_service_model(name)
        served = handlers_of(model)
        rows = [
            (operation, _how(served.get(operation)), _errors(model, operation)) for operation in model.operation_names
        ]
        pieces += [
            f"## {name}\n",
            f"{name}: {len(served)} of {len(rows)}\n",
            _table(("operation", "served", "modelled errors"), rows),
        ]
    return "\n".join(pieces)


def _how(handler: Handler | None) -> str:
    if handler is None:
        return "no"
    owner: Any = getattr(handler, "__self__", None)
    if isinstance(owner, Verbs):
        return "derived"
    return f"`{handler.__module__.partition('.')[2]}`"


def _errors(model: ServiceModel, operation: str) -> str:
    return ", ".join(shape.name for shape in model.operation_model(operation).error_shapes)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(cells)} |" for cells in (head, *rows)]
    lines.insert(1, "|" + "---|" * len(head))
    return "\n".join(lines) + "\n"


def _plain(text: str) -> str:
    # An escaped mark is itself, in a table and out of it.
    return re.sub(r"([\\`*_|<>\[\]])", r"\\\1", text)


def _code(text: str) -> str:
    escaped = text.replace("|", "\\|")
    return f"`` {escaped} ``" if "`" in text else f"`{escaped}`"


def _linked(source: str) -> str:
    """A source with its addresses made links; the pages of the guide are defined at the end of the document."""
    pieces = re.split(rf"(https?://[^\s,;:]+|{_PAGE.pattern})", source)
    return "".join(_link(piece) if at % 2 else _plain(piece) for at, piece in enumerate(pieces))


def _link(address: str) -> str:
    return f"<{address}>" if "://" in address else f"[{address}]"


PAGES: Mapping[str, Callable[[], str]] = {
    "settings.md": settings.as_markdown,
    "fidelity.md": fidelity_as_markdown,
    "operations.md": operations_as_markdown,
}
"""The pages of ``docs/`` that are made of the code."""
