"""Files of chains: YAML, JSON or a folder with personalize.yaml, and the tags of CloudFormation."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from personalize_local.chains.errors import ChainError

NAMES = ("personalize.yaml", "personalize.yml", "personalize.json")
"""What a chain is called in a folder, the first one found."""


def load(path: Path) -> tuple[dict[str, Any], Path]:
    """The document of a file or folder, and the folder to which its relative paths belong. Raises ChainError."""
    file = _file(path)
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ChainError(f"{file} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    document = parse(text, str(file))
    if not isinstance(document, dict):
        raise ChainError(f"{file}: a mapping is needed at the top")
    return document, file.parent


def _file(path: Path) -> Path:
    if not path.is_dir():
        return path
    for name in NAMES:
        if (path / name).is_file():
            return path / name
    raise ChainError(f"{path} has no {NAMES[0]}")


def parse(text: str, where: str) -> Any:
    """The value of a YAML or JSON text (JSON is YAML). Raises ChainError with line and column."""
    import yaml

    try:
        return yaml.load(text, Loader=_loader())
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        problem = getattr(error, "problem", None) or " ".join(str(error).split())
        raise ChainError(f"{where}{place}: {problem}") from None


@functools.cache
def _loader() -> Any:
    """PyYAML's safe loader that knows CloudFormation's short forms and refuses keys that stand twice."""
    import yaml

    class Loader(yaml.SafeLoader):  # type: ignore[misc]  # PyYAML has no types
        pass

    def no_twice(loader: Any, node: Any) -> Any:
        seen = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"the key {key.value} stands twice", key.start_mark)
            seen.add(key.value if isinstance(key.value, str) else id(key))
        loader.flatten_mapping(node)
        return loader.construct_mapping(node, deep=True)

    def tagged(loader: Any, suffix: str, node: Any) -> Any:
        name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
        if isinstance(node, yaml.ScalarNode):
            return {name: loader.construct_scalar(node)}
        if isinstance(node, yaml.SequenceNode):
            return {name: loader.construct_sequence(node, deep=True)}
        return {name: loader.construct_mapping(node, deep=True)}

    Loader.add_constructor("tag:yaml.org,2002:map", no_twice)
    # A date is a text here, as the versions of templates and of schemas are.
    Loader.add_constructor("tag:yaml.org,2002:timestamp", lambda loader, node: loader.construct_scalar(node))
    Loader.add_multi_constructor("!", tagged)
    return Loader
