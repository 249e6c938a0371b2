"""How much an import of a million interactions costs beside a bare read, and how much memory it takes.

Run it alone: ``python benchmarks/import_csv.py [ROWS]``. The bare read is pyarrow's: read the file, encode the two id
columns as dictionaries, nothing checked and nothing stored. Rounds are interleaved and the medians are compared, so
that what else the machine does hits both alike. Peak memory is that of a fresh process that does one import.

``python benchmarks/import_csv.py --rows 25000000`` makes one import of that many interactions of 500,000 users with
200,000 items, and holds its peak memory against what the largest data sets may take.
"""

from __future__ import annotations

import json
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from _targets import Target


def avro(last: dict[str, object]) -> str:
    """A schema of interactions with one field of the benchmark's choice."""
    return json.dumps(
        {
            "type": "record",
            "name": "Interactions",
            "namespace": "com.amazonaws.personalize.schema",
            "fields": [
                {"name": "USER_ID", "type": "string"},
                {"name": "ITEM_ID", "type": "string"},
                {"name": "TIMESTAMP", "type": "long"},
                {"name": "EVENT_TYPE", "type": "string"},
                last,
            ],
            "version": "1.0",
        }
    )


SCHEMA = avro({"name": "DEVICE", "type": ["null", "string"], "categorical": True})
LARGE_SCHEMA = avro({"name": "EVENT_VALUE", "type": ["null", "float"]})
ROUNDS = 7
TARGET = 2.5
MEMORY_MIB = 400
LARGE_MEMORY_MIB = 4096
LARGE_USERS, LARGE_ITEMS = 500_000, 200_000


def write_csv(path: Path, rows: int) -> None:
    """Seeded interactions of 6,000 users with 3,500 items."""
    rng = random.Random(1)
    events, devices = ("View", "Click", "Purchase"), ("mobile", "desktop", "tablet", "")
    with path.open("w", encoding="utf-8") as file:
        file.write("USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,DEVICE\n")
        for _ in range(rows):
            dice = rng.random()
            file.write(
                f"user-{int(rng.random() * 6000)},item-{int(dice * dice * 3500)},"
                f"{1_600_000_000 + int(rng.random() * 30_000_000)},"
                f"{events[int(dice * 3)]},{devices[int(dice * 400) % 4]}\n"
            )


def write_large_csv(path: Path, rows: int) -> None:
    """Seeded interactions of many users and items, a few items much in favour; quick, and in little memory."""
    import numpy as np
    import pyarrow as pa
    from pyarrow import csv

    rng = np.random.default_rng(1)
    users = pa.array([f"user-{number}" for number in range(LARGE_USERS)])
    items = pa.array([f"item-{number}" for number in range(LARGE_ITEMS)])
    events = pa.array(["View", "Click", "Purchase"])
    names = ["USER_ID", "ITEM_ID", "TIMESTAMP", "EVENT_TYPE", "EVENT_VALUE"]
    types = [pa.string(), pa.string(), pa.int64(), pa.string(), pa.float64()]
    plain = csv.WriteOptions(quoting_style="none")
    schema = pa.schema(list(zip(names, types, strict=True)))
    with csv.CSVWriter(str(path), schema, write_options=plain) as writer:
        for begin in range(0, rows, 250_000):
            count = min(250_000, rows - begin)
            columns = [
                users.take(pa.array(rng.integers(0, LARGE_USERS, count))),
                items.take(pa.array((rng.random(count) ** 2 * LARGE_ITEMS).astype(np.int64))),
                pa.array(rng.integers(1_600_000_000, 1_630_000_000, count)),
                events.take(pa.array(rng.integers(0, 3, count))),
                pa.array(rng.integers(0, 1000, count) / 10),
            ]
            writer.write_batch(pa.record_batch(columns, schema=schema))


def bare(path: Path) -> None:
    """What is compared with: pyarrow alone."""
    from pyarrow import csv

    table = csv.read_csv(str(path))
    for column in ("USER_ID", "ITEM_ID"):
        table[column].dictionary_encode()


def imported(path: Path, destination: Path, text: str = SCHEMA) -> None:
    """The import as a job does it."""
    from personalize_local.datasets.importing import import_files
    from personalize_local.datasets.schema import parse_schema

    schema = parse_schema(text, None)
    import_files([(path.name, lambda: path.open("rb"))], schema, destination, minimum_rows=1000)


def seconds(work: Callable[[], None]) -> tuple[float, float]:
    """Wall and CPU seconds of one call."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def peak_mib(what: str, path: Path, folder: Path) -> float:
    """Peak resident memory of a fresh process that does one read or import."""
    command = [sys.executable, __file__, f"--{what}", str(path), str(folder)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def one(what: str, path: Path, folder: Path) -> None:
    """The work of such a process; prints its peak in MiB."""
    if what == "--bare":
        bare(path)
    elif what == "--large":
        imported(path, folder / "alone", LARGE_SCHEMA)
    else:
        imported(path, folder / "alone")
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << (20 if sys.platform == "darwin" else 10)))


def large(rows: int) -> int:
    """Make one import of many rows; 1 when it takes more memory than it may."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "interactions.csv"
        # In a process of its own: on Linux a child inherits the peak of the process that starts it.
        subprocess.run([sys.executable, __file__, "--write", str(path), str(rows)], check=True)
        began = time.perf_counter()
        peak = peak_mib("large", path, Path(name))
        print(f"{rows:,} rows, {path.stat().st_size / 1e6:.0f} MB, one import in {time.perf_counter() - began:.1f} s")
    target = Target(
        title=f"peak MiB of the import of {rows:,} rows", value=peak, side="at most", limit=LARGE_MEMORY_MIB
    )
    print(f"  {target}")
    return int(not target.is_met)


def main(rows: int) -> int:
    """Measure and print; 1 when a target is missed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "interactions.csv"
        write_csv(path, rows)
        # First, while this process is small: on Linux a child inherits the peak of the process that starts it.
        peaks = {kind: peak_mib(kind, path, folder) for kind in ("bare", "import")}
        times: dict[str, list[tuple[float, float]]] = {"bare": [], "import": []}
        for number in range(ROUNDS + 1):
            segment = folder / f"segment-{number}"
            measured = {"bare": seconds(lambda: bare(path)), "import": seconds(lambda to=segment: imported(path, to))}
            shutil.rmtree(segment)
            if number:  # the first round loads code and files
                for kind, pair in measured.items():
                    times[kind].append(pair)
        medians = {
            kind: [statistics.median(part) for part in zip(*pairs, strict=True)] for kind, pairs in times.items()
        }
        print(f"{rows:,} rows, {path.stat().st_size / 1e6:.0f} MB, medians of {ROUNDS} interleaved rounds")
        for kind, (wall, cpu) in medians.items():
            print(f"  {kind:6}  {wall * 1000:5.0f} ms  CPU {cpu * 1000:5.0f} ms  peak {peaks[kind]:4.0f} MiB")
        ratio = medians["import"][0] / medians["bare"][0]
        cpu_ratio = medians["import"][1] / medians["bare"][1]
        print(f"  CPU of the import / of the bare read: {cpu_ratio:.2f}")
        targets = [
            Target(title="import / bare read", value=ratio, side="at most", limit=TARGET),
            Target(title="peak MiB of the import", value=peaks["import"], side="at most", limit=MEMORY_MIB),
        ]
        for target in targets:
            print(f"  {target}")
        return int(not all(target.is_met for target in targets))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--write"]:
        write_large_csv(Path(sys.argv[2]), int(sys.argv[3]))
    elif sys.argv[1:2] == ["--rows"]:
        sys.exit(large(int(sys.argv[2])))
    elif len(sys.argv) == 4:
        one(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000))
