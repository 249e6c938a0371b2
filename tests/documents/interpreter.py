"""A Python that runs the plain blocks of a page one after the other, each seeing the names of those before it.

Standard input: a JSON object with ``place`` and ``text`` for each block, one a line. Standard output: for each a line
of JSON, the traceback or null. What blocks print goes to standard error.
"""

from __future__ import annotations

import contextlib
import json
import sys
import traceback


def main() -> None:
    answers = sys.stdout
    namespace: dict[str, object] = {"__name__": "__main__"}
    for line in sys.stdin:
        block = json.loads(line)
        failure = None
        with contextlib.redirect_stdout(sys.stderr):
            try:
                exec(compile(block["text"], block["place"], "exec"), namespace)
            except BaseException:  # SystemExit too is no end that a page should tell of
                failure = traceback.format_exc()
        print(json.dumps(failure), file=answers, flush=True)


if __name__ == "__main__":
    main()
