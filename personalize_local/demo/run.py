"""The demonstration: a real server, and everything from CSV files to recommendations with plain boto3 over the wire."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO, cast

from personalize_local.demo.console import Console, DemoError
from personalize_local.demo.material import Material, newsroom, own_files
from personalize_local.demo.sample import SCALES, Size

_INTERRUPTED = 130


def run_demo(
    *,
    interactions: Path | None = None,
    items: Path | None = None,
    users: Path | None = None,
    seed: int = 0,
    size: str = "medium",
    out: TextIO | None = None,
) -> int:
    """Run the demonstration and give its exit code: 0 done, 1 failed, 2 wrong arguments, 130 interrupted.

    Without ``interactions`` it runs on a generated newsroom of ``seed`` and ``size``; with it, on the user's CSV
    files. Prints to ``out`` (standard output), and one line to standard error when it fails. Server and files are
    gone when it returns.
    """
    if interactions is None and (items or users):
        print("Error: --items and --users need --interactions.", file=sys.stderr)
        return 2
    if size not in SCALES:
        print(f"Error: size must be one of {', '.join(SCALES)}, not {size!r}.", file=sys.stderr)
        return 2
    console = Console(out or sys.stdout)
    try:
        with _terminated_like_interrupted(), tempfile.TemporaryDirectory(prefix="personalize-demo-") as directory:
            home = Path(directory)
            if interactions is None:
                material = _generated(console, home / "sample", seed, cast(Size, size))
            else:
                console.line("Personalize Local: from your CSV files to recommendations, with plain boto3")
                console.step("Read the files and infer their schemas")
                with console.timed("first look"):
                    material = own_files(interactions, items, users)
            _tell(console, material)
            _walk(console, material, home)
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return _INTERRUPTED
    except DemoError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    except Exception as error:
        if not _is_boto3s(error):
            raise
        print(f"Error: {error}", file=sys.stderr)
        return 1
    return 0


def _generated(console: Console, folder: Path, seed: int, size: Size) -> Material:
    console.line("Personalize Local: from a sample newsroom to recommendations, with plain boto3")
    console.step("Generate the sample")
    scale = SCALES[size]
    text = f"{scale.interactions:,} interactions of {scale.users:,} readers with {scale.items:,} articles"
    with console.timed(text):
        return newsroom(folder, seed=seed, size=size)


def _walk(console: Console, material: Material, home: Path) -> None:
    from personalize_local.demo.aws import Aws
    from personalize_local.demo.process import ServerProcess
    from personalize_local.demo.tour import Tour
    from personalize_local.demo.workflow import deploy, load, train, upload
    from personalize_local.server.companion import is_installed

    folder = None if is_installed() else home / "buckets"
    options = ["--workers", str(min(3, os.cpu_count() or 1))]
    if folder is not None:
        folder.mkdir()
        options += ["--s3-root", str(folder)]
    with contextlib.ExitStack() as stack:
        console.step("Start the server")
        with console.timed(f"{_command()} serve --port 0 {' '.join(options)}"):
            server = stack.enter_context(ServerProcess(options))
        aws = Aws(server.url, console)
        console.note(f"From here on this is boto3 with endpoint_url={server.url!r}.")
        console.step("Upload the data to S3")
        bucket, role = upload(aws, material, folder)
        console.step("Create schemas and datasets, import the data")
        group = load(aws, material, bucket, role)
        console.step("Train four solutions")
        versions = train(aws, material, group)
        console.step("Deploy")
        deployment = deploy(aws, material, group, versions)
        tour = Tour(aws, material, deployment)
        console.step(f"Recommend to {material.user}")
        before = tour.recommend()
        console.step("Send events and ask again")
        after = tour.react(before)
        console.step(f"Put a list in order for {material.user}")
        tour.rank(after)
        console.step("Find what is similar")
        tour.neighbours()
        console.step("Recommend to somebody new")
        tour.newcomer()
        console.step("Compare the solutions on held-out data")
        tour.metrics()
    _farewell(console)


def _tell(console: Console, material: Material) -> None:
    for dataset in material.datasets:
        columns = ", ".join(
            f"{column['name']}{' (categorical)' if column.get('categorical') else ''}" for column in dataset.fields
        )
        console.paragraph(f"{dataset.label + ':':14}{columns}", hang=14)


def _farewell(console: Console) -> None:
    console.line()
    console.line(f"Done in {console.elapsed:.1f} seconds. The server is stopped and its data is gone.")
    console.line("To keep a server running, with its data in a folder:")
    console.line()
    console.line(f"   {_command()} serve --data ./personalize-data")
    console.line()
    console.line("and for your own program, with nothing changed in it:")
    console.line()
    console.line("   export AWS_ENDPOINT_URL=http://127.0.0.1:4777")
    console.line("   export AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local AWS_DEFAULT_REGION=us-east-1")
    console.line()
    console.line(f"The data of this demonstration: {_command()} sample ./sample")


def _command() -> str:
    """How this installation's command is called from where we are."""
    if shutil.which("personalize-local"):
        return "personalize-local"
    beside = Path(sys.executable).with_name("personalize-local")
    if not beside.exists():
        return f"{Path(sys.executable).name} -m personalize_local"
    with contextlib.suppress(ValueError):
        return str(beside.relative_to(Path.cwd()))
    return str(beside)


def _is_boto3s(error: Exception) -> bool:
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError

    return isinstance(error, (Boto3Error, BotoCoreError, ClientError))


@contextlib.contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """Clean up on SIGTERM as on Ctrl-C. Signals belong to the main thread; elsewhere nothing is changed."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
