"""Runs the blocks of one page in their order, in a folder of their own, against a server of their own."""

from __future__ import annotations

import configparser
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import yaml

from .blocks import Block

__all__ = ["Page"]

ROOT = Path(__file__).resolve().parents[2]
MODULES = ROOT / "tests" / "sdks" / "javascript" / "node_modules"
_SECONDS = 120.0
_OWN = re.compile(r"(?:127\.0\.0\.1|localhost):4777")
# What a machine may lack; its absence is a reason to leave a block out, other commands have to be there.
_MAY_LACK = ("curl", "aws", "node", "docker")


class Failure(Exception):
    """A block did not do what its page says."""


class LeftOut(Exception):
    """A block needs what this machine lacks."""


class Page:
    """``folder`` has the files that blocks may use; ``url`` is the server that they mean by port 4777."""

    def __init__(self, folder: Path, url: str) -> None:
        self._folder, self._url = folder, url
        self._interpreter: subprocess.Popen[str] | None = None
        self._environment = _environment(url) | {"PATH": f"{self._tools()}{os.pathsep}{os.environ['PATH']}"}
        self.left_out: list[str] = []

    def run(self, blocks: Sequence[Block]) -> list[str]:
        """What failed, one text for each. Blocks that need what is not here are added to ``left_out``."""
        kinds: dict[str, Callable[[Block], None]] = {
            "python": self._python,
            "sh": self._shell,
            "console": self._console,
            "javascript": self._javascript,
            "yaml": lambda block: _read(lambda: list(yaml.safe_load_all(block.text))),
            "json": lambda block: _read(lambda: json.loads(block.text)),
            "toml": lambda block: _read(lambda: tomllib.loads(block.text)),
            "ini": lambda block: _read(lambda: configparser.ConfigParser().read_string(block.text)),
            "text": lambda _: None,
        }
        failures = []
        for block in blocks:
            try:
                self._run(block, kinds)
            except Failure as failure:
                failures.append(f"{block.place} ({block.language}): {failure}")
            except LeftOut as lack:
                self.left_out.append(f"{block.place}: {lack}")
        self._close()
        return failures + self.run_tests([block for block in blocks if block.is_test and block.reason is None])

    def _run(self, block: Block, kinds: Mapping[str, Callable[[Block], None]]) -> None:
        if block.reason is not None:
            if not block.reason:
                raise Failure("the mark gives no reason")
            return
        if block.language not in kinds:
            raise Failure("nothing runs this language: mark it, <!-- not run: REASON -->")
        if block.is_test:
            return
        if block.file is not None:
            self._write(block.file, self._here(block.text))
        kinds[block.language](block)

    def _write(self, name: str, text: str) -> None:
        target = self._folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")

    def _here(self, text: str) -> str:
        return _OWN.sub(self._url.removeprefix("http://"), text)

    def _tools(self) -> Path:
        """A folder with the ``personalize-local`` of this checkout, whose ``serve`` ends by itself."""
        tools = self._folder.with_name(self._folder.name + "-tools")
        tools.mkdir()
        command = tools / "personalize-local"
        command.write_text(
            f'#!/bin/sh\n[ "$1" = serve ] && exec \'{sys.executable}\' -m tests.documents.serve_once "$@"\n'
            f"exec '{sys.executable}' -m personalize_local \"$@\"\n",
            encoding="utf-8",
        )
        command.chmod(0o755)
        (tools / "python").symlink_to(sys.executable)
        return tools

    def _python(self, block: Block) -> None:
        if self._interpreter is None:
            self._interpreter = subprocess.Popen(
                [sys.executable, "-m", "tests.documents.interpreter"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                cwd=self._folder,
                env=self._environment,
            )
        assert self._interpreter.stdin is not None
        assert self._interpreter.stdout is not None
        self._interpreter.stdin.write(json.dumps({"place": block.place, "text": self._here(block.text)}) + "\n")
        self._interpreter.stdin.flush()
        answer = self._interpreter.stdout.readline()
        if (failure := json.loads(answer) if answer else "the interpreter died") is not None:
            raise Failure(failure)

    def _close(self) -> None:
        if self._interpreter is not None:
            self._interpreter.communicate(timeout=_SECONDS)

    def _shell(self, block: Block) -> None:
        self._done(["bash", "-euo", "pipefail", "-c", self._here(block.text)], block)

    def _console(self, block: Block) -> None:
        """Lines that begin with a dollar sign are commands; what follows is what each prints."""
        for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
            command, _, expected = part.partition("\n")
            printed = self._done(["bash", "-euo", "pipefail", "-c", self._here(command)], block)
            if expected.strip() and printed.strip() != expected.strip():
                raise Failure(f"{command} prints\n{printed}")

    def _javascript(self, block: Block) -> None:
        is_module = re.search(r"^(?:import|export) ", block.text, re.MULTILINE) is not None
        program = self._folder / f"block-{block.line}.{'mjs' if is_module else 'cjs'}"
        program.write_text(self._here(block.text), encoding="utf-8")
        if "@aws-sdk/" in block.text:
            if not MODULES.is_dir():
                raise LeftOut("the SDK for JavaScript is not installed: make sdks")
            with suppress(FileExistsError):
                (self._folder / "node_modules").symlink_to(MODULES)
        self._done(["node", str(program)], block)

    def _done(self, command: list[str], block: Block) -> str:
        """What ``command`` prints. Raises Failure when it fails, LeftOut when what it needs is not here."""
        for tool in _MAY_LACK:
            needs = command[0] == tool or re.search(rf"(?:^|[|;&(]\s*){tool} ", command[-1], re.MULTILINE)
            if needs and not _runs(tool):
                raise LeftOut(f"{tool} is not here")
        try:
            done = subprocess.run(
                command,
                capture_output=True,
                text=True,
                timeout=_SECONDS,
                check=False,
                cwd=self._folder,
                env=self._environment,
            )
        except subprocess.TimeoutExpired:
            raise Failure(f"did not end in {_SECONDS:.0f} seconds") from None
        if done.returncode != 0:
            raise Failure(f"exit code {done.returncode}\n{block.text}{done.stdout}{done.stderr}")
        return done.stdout

    def run_tests(self, blocks: Sequence[Block], *options: str) -> list[str]:
        """Run the tests of a page by pytest, all at once; they know nothing of the server. What failed, if any."""
        if not blocks:
            return []
        names = {block.file or f"test_line_{block.line}.py": block.text for block in blocks}
        for name, text in names.items():
            self._write(name, text)
        chosen = [name for name in names if Path(name).name != "conftest.py"]
        environment = {
            name: value for name, value in self._environment.items() if not name.startswith(("AWS_", "PERSONALIZE_"))
        }
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", ".", *options, *chosen],
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
            cwd=self._folder,
            env=environment,
        )
        return [] if done.returncode == 0 else [f"{blocks[0].page}, by pytest:\n{done.stdout}{done.stderr}"]


def _environment(url: str) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "PERSONALIZE_", "PYTEST_", "NODE_"))
    }
    host, _, port = url.removeprefix("http://").partition(":")
    return kept | {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_REGION": "us-east-1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_PAGER": "",
        "PERSONALIZE_LOCAL_HOST": host,
        "PERSONALIZE_LOCAL_PORT": port,
        "PYTHONPATH": str(ROOT),
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }


def _runs(tool: str) -> bool:
    """Whether a tool is there and runs: one on the path may be a stand-in for versions that are not there."""
    found = shutil.which(tool)
    return (
        found is not None
        and subprocess.run([found, "--version"], capture_output=True, timeout=60, check=False).returncode == 0
    )


def _read(parse: Callable[[], object]) -> None:
    try:
        parse()
    except (ValueError, yaml.YAMLError, configparser.Error) as error:
        raise Failure(str(error)) from None
