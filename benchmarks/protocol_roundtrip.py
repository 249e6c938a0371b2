"""Proves the protocols against every operation of every json and rest-json service of the installed botocore.

Prints, for each protocol, the share of operations that pass in both directions and with their errors, then every
operation that does not, with its reason. Run from the checkout:

    python benchmarks/protocol_roundtrip.py [--examples N] [--processes N] [--service NAME ...]
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter, defaultdict
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.botocore_shapes.roundtrip import EVENT_STREAM, Verdict, provable_services, prove_service


def main() -> int:
    arguments = _arguments()
    services = arguments.service or [name for name, _ in provable_services()]
    started = time.perf_counter()
    verdicts: list[Verdict] = []
    with ProcessPoolExecutor(arguments.processes) as executor:
        pending = [executor.submit(prove_service, name, examples=arguments.examples) for name in services]
        for number, future in enumerate(pending, 1):
            verdicts += future.result()
            if number % 25 == 0 or number == len(pending):
                print(f"{number} of {len(pending)} services, {time.perf_counter() - started:.0f} s", flush=True)
    return _report(verdicts)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--examples", type=int, default=3, help="generated values for each direction of an operation")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--service", action="append", help="only this service; may be repeated")
    return parser.parse_args()


def _report(verdicts: list[Verdict]) -> int:
    reasons: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for verdict in verdicts:
        found = reasons[verdict.protocol, verdict.service, verdict.operation]
        if verdict.reason:
            found.append(f"{verdict.direction}: {verdict.reason}")
    totals = Counter(protocol for protocol, _, _ in reasons)
    passed = Counter(key[0] for key, failures in reasons.items() if not failures)
    for key, failures in sorted(reasons.items()):
        for failure in failures:
            print(f"  {key[1]}.{key[2]} ({key[0]}) {failure}")
    for protocol in sorted(totals):
        share = 100 * passed[protocol] / totals[protocol]
        print(f"{protocol}: {passed[protocol]} of {totals[protocol]} operations, {share:.2f} %")
    total = sum(totals.values())
    print(f"all: {sum(passed.values())} of {total} operations, {100 * sum(passed.values()) / max(total, 1):.2f} %")
    named = all(EVENT_STREAM in failure for failures in reasons.values() for failure in failures)
    return 0 if named else 1


if __name__ == "__main__":
    sys.exit(main())
