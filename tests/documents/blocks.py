"""The fenced blocks of a page of Markdown, with what its source says of each in comments before it.

``<!-- not run: REASON -->`` before a block says why it is not run, ``<!-- file: NAME -->`` that it is a file that later
blocks use; a first line ``# NAME.py`` says the latter too. A block without a language is commands when it begins with
one, and output otherwise.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Block", "blocks_of", "links_of"]

SHELL = frozenset({"sh", "bash", "shell"})
_COMMANDS = ("personalize-local ", "curl ", "make ", "pip ", "export ", "aws ", "docker ", "pytest", "python ", "npm ")
_FENCE = re.compile(r"(?P<indent> *)(?P<ticks>`{3,})(?P<language>[\w+-]*)\s*")
_MARK = re.compile(r"<!-- (?P<key>not run|file):(?P<value>.*?) ?-->")
_FIRST_LINE = re.compile(r"# (?P<name>[\w./-]+\.(?:py|yaml|yml|toml|ini|sh))\s*")
_LINK = re.compile(r"\]\((?!https?:|mailto:|#)(?P<target>[^)#\s]+)(?:#[^)]*)?\)")


@dataclass(frozen=True, kw_only=True)
class Block:
    """``line`` is that of the opening fence, from 1; ``reason`` why it is not run, None where nothing is said."""

    page: str
    line: int
    language: str
    text: str
    reason: str | None = None
    file: str | None = None

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def is_test(self) -> bool:
        """Whether pytest is to run it, alone or for others."""
        name = Path(self.file or "").name
        has_tests = re.search(r"^\s*(?:async )?def test_|^@pytest\.fixture", self.text, re.MULTILINE) is not None
        return self.language == "python" and (has_tests or name == "conftest.py")


def blocks_of(page: str, source: str) -> list[Block]:
    """All blocks of ``source`` in their order. Raises ValueError for one that is not closed."""
    found: list[Block] = []
    marks: dict[str, str] = {}
    lines = iter(enumerate(source.splitlines(), start=1))
    for number, line in lines:
        opening = _FENCE.fullmatch(line)
        if opening is None:
            if (mark := _MARK.fullmatch(line.strip())) is not None:
                marks[mark["key"]] = mark["value"].strip()
            elif line.strip():
                marks = {}
            continue
        content: list[str] = []
        for _, inner in lines:
            if inner.strip() == opening["ticks"]:
                break
            content.append(inner.removeprefix(opening["indent"]))
        else:
            raise ValueError(f"{page}:{number} is not closed")
        found.append(_block(page, number, opening["language"], "\n".join(content) + "\n", marks))
        marks = {}
    return found


def _block(page: str, line: int, language: str, text: str, marks: dict[str, str]) -> Block:
    first = text.partition("\n")[0]
    if not language:
        language = "console" if first.startswith("$ ") else "sh" if first.startswith(_COMMANDS) else "text"
    named = _FIRST_LINE.fullmatch(first)
    file = marks.get("file") or (named["name"] if named is not None else None)
    kind = "sh" if language in SHELL else {"js": "javascript", "yml": "yaml", "py": "python"}.get(language, language)
    return Block(page=page, line=line, language=kind, text=text, reason=marks.get("not run"), file=file)


def links_of(source: str) -> list[str]:
    """The targets of links that stay in the repository, without their anchors."""
    prose = re.sub(r"```.*?```", "", source, flags=re.DOTALL)
    return [found["target"] for found in _LINK.finditer(prose)]
