"""How many users a batch inference job answers in a second, beside a bare matrix product with a partial sort in numpy.

Run it alone: ``python benchmarks/batch.py [--large]``. A job is measured from its call to its last status, from JSONL
in a bucket to JSONL in a bucket, on one worker process; the bare product is of users and items with 149 factors each
(the service's hidden_dimension, and as many neighbours as the model has of an item), in blocks of 256 users, of whose
scores the best 25 are put in order, with nothing read or written. Both are compared in processor time, that of the
worker with all that it does for the job, as other work on the machine disturbs that little. Memory is the most that any
worker had resident. ``--large`` trains a million users and asks for all of them, on two workers.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before numpy is loaded
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from _emulated import ITEM, TIME, USER, Emulator, Group, Table, emulator
from _targets import Target

SHARE = 0.5  # of the bare product's users a second
GROWTH = 1.1  # of the memory of a job of 10,000 lines
RECIPE = "aws-user-personalization-v2"
POPULAR = "aws-popularity-count"
COUNT, FACTORS, BLOCK = 25, 149, 256
USERS, STEPS, TASTES = 20_000, 20, 50
_BETWEEN = 14 * 86_400  # seconds from one step of a user to the next: few items are young enough to be tried out
_BUCKET = "quality"
_ROLE = "arn:aws:iam::123456789012:role/bench"


def interactions(users: int, items: int, steps: int, seed: int = 1) -> Table:
    """Users of some taste take items of it seven times of ten, the popular ones more often."""
    random = np.random.default_rng(seed)
    popularity = 1.0 / np.arange(1, items + 1) ** 0.8
    of_item, of_user = random.integers(0, TASTES, items), random.integers(0, TASTES, users)
    edges = np.cumsum(popularity / popularity.sum())
    user = np.repeat(np.arange(users), steps)
    item = np.searchsorted(edges, random.random(len(user))).clip(max=items - 1)
    own = random.random(len(user)) < 0.7
    for taste in range(TASTES):
        members = np.flatnonzero(of_item == taste)
        rows = np.flatnonzero(own & (of_user[user] == taste))
        edges = np.cumsum(popularity[members] / popularity[members].sum())
        item[rows] = members[np.searchsorted(edges, random.random(len(rows))).clip(max=len(members) - 1)]
    when = (
        1_700_000_000 + np.tile(np.arange(steps) * _BETWEEN, users) + np.repeat(random.integers(0, 3_600, users), steps)
    )
    rows_of = zip(user.tolist(), item.tolist(), when.tolist(), strict=True)
    return Table(
        kind="Interactions", columns=(USER, ITEM, TIME), rows=((f"user{u}", f"item{i}", t) for u, i, t in rows_of)
    )


def bare(items: int, users: int = 8_192) -> float:
    """The processor seconds that the product and the partial sort take for a user."""
    random = np.random.default_rng(0)
    of_users = random.standard_normal((users, FACTORS), np.float32)
    of_items = random.standard_normal((FACTORS, items), np.float32)

    def answer(begin: int) -> None:
        scores = of_users[begin : begin + BLOCK] @ of_items
        best = np.argpartition(scores, items - COUNT, axis=1)[:, items - COUNT :]
        np.take_along_axis(best, np.argsort(-np.take_along_axis(scores, best, axis=1), axis=1), axis=1)

    answer(0)
    began = time.process_time()
    for begin in range(0, users, BLOCK):
        answer(begin)
    return (time.process_time() - began) / users


def infer(world: Emulator, group: Group, version: str, name: str, users: Iterable[int]) -> float:
    """The seconds of a job over ``users``."""
    source = world.storage / _BUCKET / f"{name}.json"
    with source.open("w", encoding="utf-8") as file:
        file.writelines(f'{{"userId": "user{user}"}}\n' for user in users)
    began = time.perf_counter()
    job = group.aws.call(
        "personalize",
        "create_batch_inference_job",
        jobName=name,
        solutionVersionArn=version,
        numResults=COUNT,
        jobInput={"s3DataSource": {"path": f"s3://{_BUCKET}/{name}.json"}},
        jobOutput={"s3DataDestination": {"path": f"s3://{_BUCKET}/out/"}},
        roleArn=_ROLE,
    )["batchInferenceJobArn"]
    control = group.aws.client("personalize")
    while True:
        found = control.describe_batch_inference_job(batchInferenceJobArn=job)["batchInferenceJob"]
        if found["status"] in ("ACTIVE", "CREATE FAILED"):
            break
        time.sleep(0.05)
    seconds = time.perf_counter() - began
    if found["status"] != "ACTIVE":
        raise SystemExit(f"the job failed: {found['failureReason']}")
    with (world.storage / _BUCKET / "out" / f"{name}.json.out").open("rb") as output, source.open("rb") as asked:
        if sum(1 for _ in output) != sum(1 for _ in asked):
            raise SystemExit("the job lost lines")
    return seconds


def workers() -> Iterator[tuple[int, int]]:
    """The process id and the most resident memory, in KiB, of each worker of this process."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            told = dict(line.split(":", 1) for line in (entry / "status").read_text().splitlines())
            if int(told["PPid"]) == os.getpid() and b"spawn_main" in (entry / "cmdline").read_bytes():
                yield int(entry.name), int(told["VmHWM"].split()[0])
        except (FileNotFoundError, ProcessLookupError, KeyError):
            continue


def spent() -> float:
    """The processor seconds of all workers until now."""
    ticks = 0
    for worker, _ in workers():
        fields = Path(f"/proc/{worker}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def peak() -> float:
    """The most memory that a worker had, in MiB."""
    return max((kib for _, kib in workers()), default=0) / 1024


def compare(items: int, lines: int) -> Target:
    """Measure a job over a catalogue of ``items`` beside the bare product."""
    with emulator() as world:
        group = world.group("batch", [interactions(USERS, items, STEPS)])
        version = group.version(RECIPE)
        infer(world, group, version, "warm", range(1_000))
        products, before = [bare(items)], spent()
        seconds = infer(world, group, version, "measured", (number % USERS for number in range(lines)))
        worked = spent() - before
        products.append(bare(items))
    rate, product = lines / worked, len(products) / sum(products)
    print(f"{items:,} items: {lines / seconds:,.0f} users a second of the clock")
    print(f"{items:,} items: {rate:,.0f} users in a second of the processor, the bare product {product:,.0f}")
    return Target(
        title=f"top {COUNT} of {items:,} items, share of the bare product", value=rate / product, side="at least",
        limit=SHARE,
    )  # fmt: skip


def memory() -> Target:
    """How the memory of the worker grows from a job of 10,000 lines to one of 1,000,000."""
    with emulator() as world:
        group = world.group("memory", [interactions(USERS, 1_000, STEPS)])
        version = group.version(POPULAR)
        infer(world, group, version, "few", range(10_000))
        few = peak()
        seconds = infer(world, group, version, "many", range(1_000_000))
        many = peak()
    print(f"memory of the worker: {few:.0f} MiB at 10,000 lines, {many:.0f} MiB at 1,000,000 ({seconds:.0f} s)")
    return Target(title="memory at 1,000,000 lines over that at 10,000", value=many / few, side="at most", limit=GROWTH)


def large() -> None:
    """A million users who were all learned from, on two workers."""
    users, items = 1_000_000, 10_000
    with emulator(workers=2) as world:
        group = world.group("large", [interactions(users, items, 5)])
        began = time.perf_counter()
        version = group.version(RECIPE)
        print(f"trained on {users * 5:,} interactions in {time.perf_counter() - began:.0f} s")
        seconds = infer(world, group, version, "all", range(users))
        print(f"{users:,} users in {seconds:.0f} s on two workers: {users / seconds:,.0f} a second, {peak():.0f} MiB")


def main(arguments: list[str]) -> None:
    """Print the figures, and with ``--large`` the large job."""
    if "--large" in arguments:
        large()
        return
    print(compare(10_000, 100_000))
    print(compare(100_000, 30_000))
    print(memory())


if __name__ == "__main__":
    main(sys.argv[1:])
