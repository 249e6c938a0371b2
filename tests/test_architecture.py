"""The import directions, light imports and file sizes that the design asks for."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# From the top of the house to its ground; a room may import from its own line and from lines below.
FLOORS: tuple[tuple[str, ...], ...] = (
    (
        "cli",
        "commands",
        "explanations",
        "__main__",
        "dry_run",
        "watching",
        "ledger",
        "server",
        "testing",
        "demo",
        "snapshot_client",
        "snapshot_commands",
    ),
    # boto3 clients only, so that the same code drives AWS.
    ("chains",),
    ("waiting",),
    ("emulator", "reports", "timekeeping"),
    ("batch", "experiments", "controls", "snapshots"),
    ("resources", "runtime", "events"),
    ("jobs",),
    ("attribution",),
    ("recipes", "datasets", "filters", "costs"),
    (
        "engine",
        "store",
        "context",
        "clock",
        "ids",
        "arns",
        "errors",
        "provenance",
        "settings",
        "throttling",
        "http_client",
    ),
)
LEVEL = {room: level for level, rooms in enumerate(FLOORS) for room in rooms}
ALONE = {"engine", "filters", "http_client"}
HEAVY = ("numpy", "scipy", "implicit", "flask", "boto3", "pyarrow", "moto")


def modules() -> list[Path]:
    return [path for package in ("personalize_local", "botocore_shapes") for path in (ROOT / package).rglob("*.py")]


def imports(path: Path) -> Iterator[str]:
    """Every module that runs as an import of ``path``; what is for the type checker alone does not run."""
    yield from _imports(ast.parse(path.read_text(encoding="utf-8")))


def _imports(node: ast.AST) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
            continue
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            assert not child.level, "imports are absolute"
            yield from (f"{child.module}.{alias.name}" for alias in child.names)
        else:
            yield from _imports(child)


def room(module: str) -> str | None:
    parts = module.split(".")
    return parts[1] if parts[0] == "personalize_local" and len(parts) > 1 and parts[1] in LEVEL else None


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_downwards(path: Path) -> None:
    parts = path.relative_to(ROOT).with_suffix("").parts
    for imported in imports(path):
        if parts[0] == "botocore_shapes":
            assert not imported.startswith("personalize_local"), imported
            continue
        target = room(imported)
        if len(parts) < 2 or target is None or parts[1] == "__init__":
            continue
        own = parts[1]
        assert own in LEVEL, f"{own} has no floor in the design"
        assert target == own or (LEVEL[target] >= LEVEL[own] and own not in ALONE), f"{own} imports {target}"


def test_one_module_alone_asks_over_http() -> None:
    asking = {path.stem for path in modules() if any(name.startswith("urllib.request") for name in imports(path))}
    assert asking == {"http_client"}


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_stays_readable(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert len(source.splitlines()) <= 450
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and node.end_lineno is not None:
            assert node.end_lineno - node.lineno < 60, f"{node.name} is too long"


@pytest.mark.parametrize(
    "program",
    [
        pytest.param("import personalize_local.testing.plugin", id="the pytest plugin"),
        pytest.param("import personalize_local.testing", id="the testing package"),
        pytest.param("from personalize_local.experiments import variant", id="the split of an experiment"),
        pytest.param(
            "import personalize_local.cli as cli\ntry:\n    cli.main(['--help'])\nexcept SystemExit:\n    pass",
            id="--help",
        ),
    ],
)
def test_nothing_heavy_is_loaded_by(program: str) -> None:
    check = f"{program}\nimport sys\nprint([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True, timeout=60)
    assert done.stderr.strip().splitlines()[-1] == "[]"
