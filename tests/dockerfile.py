"""The steps of a Dockerfile, as far as this project's needs it: no variables, no here-documents."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, kw_only=True)
class Step:
    """One instruction and what follows it on its lines, joined; ``stage`` counts from 0."""

    stage: int
    word: str
    rest: str

    @property
    def words(self) -> list[str]:
        """The exec form's list, or the shell's words."""
        return list(json.loads(self.rest)) if self.rest.startswith("[") else shlex.split(self.rest)


def steps(text: str) -> list[Step]:
    """All steps, in their order; comments are left out."""
    lines = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    found, stage = [], -1
    for line in re.sub(r"\\\n", " ", lines).splitlines():
        if line.strip():
            word, _, rest = line.strip().partition(" ")
            stage += word == "FROM"
            found.append(Step(stage=stage, word=word, rest=re.sub(r"\s+", " ", rest.strip())))
    return found


def copied(all_steps: list[Step]) -> list[tuple[list[str], str]]:
    """Sources and target of each COPY from the build's own folder."""
    copies = [step.words for step in all_steps if step.word == "COPY" and "--from" not in step.rest]
    return [(words[:-1], words[-1]) for words in copies]


def environment(all_steps: list[Step], stage: int) -> dict[str, str]:
    """The variables of a stage."""
    pairs = [word for step in all_steps if step.word == "ENV" and step.stage == stage for word in step.words]
    return dict(pair.split("=", 1) for pair in pairs)


def is_sent(name: str, ignore: str) -> bool:
    """Whether ``.dockerignore`` lets a file or folder at the top of the build's folder through."""
    sent = True
    for line in ignore.splitlines():
        pattern = line.strip()
        if pattern and not pattern.startswith("#") and fnmatch(name, pattern.removeprefix("!")):
            sent = pattern.startswith("!")
    return sent
