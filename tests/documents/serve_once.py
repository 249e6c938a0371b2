"""``personalize-local serve`` as a page shows it, but on a free port, and ended as soon as it answers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys


def main(arguments: list[str]) -> int:
    given = [*arguments]
    if "--port" in given:
        at = given.index("--port")
        del given[at : at + 2]
    process = subprocess.Popen(
        [sys.executable, "-m", "personalize_local", *given],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PERSONALIZE_LOCAL_PORT": "0"},
    )
    assert process.stdout is not None
    ready = any(line.startswith("Ready.") for line in iter(process.stdout.readline, ""))
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    return process.returncode if ready else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
