"""Runs every benchmark, each in a process of its own so that memory figures are its own.

    python -m benchmarks

The soak, which comes last, takes half an hour.
"""

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent

if __name__ == "__main__":
    failed = 0
    for script in sorted(FOLDER.glob("[!_]*.py")):
        print(f"\n=== {script.stem}", flush=True)
        failed |= subprocess.run([sys.executable, "-m", f"benchmarks.{script.stem}"]).returncode
    sys.exit(failed)
