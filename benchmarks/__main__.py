"""Runs every benchmark, each in a process of its own so that memory figures are its own.

The soak runs by itself, `python -m benchmarks.soak`, as it takes an hour or more.
"""

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent

if __name__ == "__main__":
    failed = 0
    for script in sorted(FOLDER.glob("[!_]*.py")):
        if script.stem == "soak":
            continue
        print(f"\n=== {script.stem}", flush=True)
        failed |= subprocess.run([sys.executable, "-m", f"benchmarks.{script.stem}"]).returncode
    sys.exit(failed)
