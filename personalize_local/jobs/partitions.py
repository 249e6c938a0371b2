"""The lines of a batch job in parts of bounded size, each done once and kept on disk until all are.

A job's folder has ``parts.json``, which says how the input was cut, ``in-NUMBER`` for each part, until it is done where
nobody reads it again, ``out-NUMBER`` and, after that, ``done-NUMBER.json`` for each that is. Killed at any moment, the
next run goes on with what is not done.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING, Any, BinaryIO, cast

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

LINES = 10_000
"""Lines of a part, at most (chosen): a second's work or so."""
BYTES = 8 << 20
"""Bytes of the lines of a part, about (chosen)."""
LONGEST = 1 << 20
"""Bytes that are read of one line (chosen): the rest of it is passed over, and it is no JSON then."""
_PLAN = "parts.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """``number`` counts the parts of a job, from 0; ``lines`` are from the file at place ``file`` of the input."""

    number: int
    file: int
    lines: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How the input of a job was cut. ``names`` are those of the outputs, one for each file of the input."""

    names: Sequence[str]
    parts: Sequence[Part]

    def of_file(self, file: int) -> list[Part]:
        """The parts of one file, in the order of its lines."""
        return [part for part in self.parts if part.file == file]


class Folder:
    """The folder of one job's parts."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def plan(self) -> Plan | None:
        """How the input was cut; None before it was."""
        try:
            stored = json.loads((self.path / _PLAN).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        parts = [Part(number=number, file=file, lines=lines) for number, (file, lines) in enumerate(stored["parts"])]
        return Plan(names=stored["names"], parts=parts)

    def begin(self) -> None:
        """Make the folder, without what an earlier run has left that did not get as far as a plan."""
        rmtree(self.path, ignore_errors=True)
        self.path.mkdir(parents=True)

    def keep(self, plan: Plan) -> None:
        """Write the plan down: from then on its parts are there."""
        stored = {"names": list(plan.names), "parts": [(part.file, part.lines) for part in plan.parts]}
        _replace(self.path / _PLAN, json.dumps(stored).encode())

    def input(self, number: int) -> Path:
        """The lines of a part."""
        return self.path / f"in-{number:06d}"

    def output(self, number: int) -> Path:
        """What came of a part."""
        return self.path / f"out-{number:06d}"

    def _facts(self, number: int) -> Path:
        return self.path / f"done-{number:06d}.json"

    def lines(self, number: int) -> Iterator[bytes]:
        """The lines of a part, without the ends of lines."""
        with self.input(number).open("rb") as file:
            for line in file:
                yield line.rstrip(b"\r\n")

    def finish(
        self, number: int, pieces: Iterable[bytes], facts: Mapping[str, int], *, keep_input: bool = True
    ) -> None:
        """Keep what came of a part, once all ``pieces`` of it are there; what counted it is read after them."""
        output = self.output(number)
        unfinished = output.with_name(f".{output.name}")
        with unfinished.open("wb") as file:
            file.writelines(pieces)
        unfinished.replace(output)
        _replace(self._facts(number), json.dumps(dict(facts)).encode())
        if not keep_input:
            self.input(number).unlink(missing_ok=True)

    def facts(self, number: int) -> dict[str, int] | None:
        """What was counted in a part; None before it is done."""
        try:
            return cast("dict[str, int]", json.loads(self._facts(number).read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None

    def keep_at(self, target: Path, copy: Callable[[Path, Path], object]) -> None:
        """Have what is finished copied to a new folder, while others work on the parts.

        There each part is done, with what came of it, or has its input: an input goes when its part is done, and a part
        is done when what came of it is there. ``copy`` passes over what is gone.
        """
        target.mkdir()
        copy(self.path / _PLAN, target / _PLAN)
        for path in self._there():
            if path.name.startswith("in-"):
                copy(path, target / path.name)
        for path in self._there():
            if path.is_dir():
                Folder(path).keep_at(target / path.name, copy)
            elif path.name.startswith("done-"):
                output = f"out-{path.stem.removeprefix('done-')}"  # a listing may miss what is replaced meanwhile
                copy(self.path / output, target / output)
                copy(path, target / path.name)

    def _there(self) -> list[Path]:
        try:
            return list(self.path.iterdir())
        except FileNotFoundError:
            return []  # it is begun anew

    def drop(self) -> None:
        """Delete the folder."""
        rmtree(self.path, ignore_errors=True)


def _replace(path: Path, content: bytes) -> None:
    unfinished = path.with_name(f".{path.name}")
    unfinished.write_bytes(content)
    unfinished.replace(path)


class Cutter:
    """Writes the lines of files as parts into a folder, in one pass over each."""

    def __init__(self, folder: Folder, lines: int = LINES, size: int = BYTES) -> None:
        self._folder, self._lines, self._size = folder, lines, size
        self._names: list[str] = []
        self._parts: list[Part] = []

    def add(self, name: str, stream: BinaryIO) -> int:
        """Cut one file, whose output is to have a name; how many lines it has that are not blank."""
        file = len(self._names)
        self._names.append(name)
        waiting = lines_of(stream)
        total = 0
        while count := self._write(waiting):
            self._parts.append(Part(number=len(self._parts), file=file, lines=count))
            total += count
        return total

    def _write(self, waiting: Iterator[bytes]) -> int:
        count = written = 0
        with self._folder.input(len(self._parts)).open("wb") as file:
            for line in waiting:
                file.write(line)
                file.write(b"\n")
                count, written = count + 1, written + len(line)
                if count >= self._lines or written >= self._size:
                    break
        return count

    def plan(self) -> Plan:
        """What was cut."""
        return Plan(names=self._names, parts=self._parts)


def lines_of(stream: BinaryIO) -> Iterator[bytes]:
    """The lines of a stream that are not blank, without their ends; of a long one its beginning."""
    while line := stream.readline(LONGEST):
        rest = line
        while len(rest) == LONGEST and not rest.endswith(b"\n"):
            rest = stream.readline(LONGEST)
        line = line.strip()
        if line:
            yield line


class Joined(io.RawIOBase):
    """Files one after the other, as one stream to read."""

    def __init__(self, paths: Iterable[Path]) -> None:
        super().__init__()
        self._waiting = iter(paths)
        self._file: BinaryIO | None = None

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Read on, in the next file where one has ended."""
        view = memoryview(buffer).cast("B")
        while True:
            if self._file is None:
                path = next(self._waiting, None)
                if path is None:
                    return 0
                self._file = path.open("rb")
            data = self._file.read(len(view))
            if data:
                view[: len(data)] = data
                return len(data)
            self._file.close()
            self._file = None

    def close(self) -> None:
        """Close the file that is open."""
        if self._file is not None:
            self._file.close()
            self._file = None
        super().close()


def joined(paths: Iterable[Path]) -> BinaryIO:
    """Files one after the other, buffered."""
    return cast("BinaryIO", io.BufferedReader(Joined(paths), 1 << 20))


def told(folder: Folder, plan: Plan) -> dict[str, Any]:
    """What whoever hands out the parts must know: how many lines each has, and which are done."""
    done = [part.number for part in plan.parts if folder.facts(part.number) is not None]
    return {"lines": [part.lines for part in plan.parts], "done": done}
