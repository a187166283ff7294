"""`dlt init` imports the source where packages are missing: nothing may call them at import."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[4]

IMPORT = """
import sys

for name in {missing!r}:
    sys.modules[name] = None  # import raises ModuleNotFoundError

from dlt.common.reflection.ref import import_module_with_missing

import_module_with_missing({module!r})
"""


def run(code: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment
    )
    assert result.returncode == 0, result.stderr[-2000:]


def test_the_source_imports_without_pyarrow_and_isal() -> None:
    run(IMPORT.format(missing=("pyarrow", "isal"), module="amazon_selling_partner"))


def test_documents_are_inflated_without_isal() -> None:
    code = (
        "import gzip, sys, zlib\n"
        "sys.modules['isal'] = None\n"
        "from amazon_selling_partner.modules.reports.documents import gzip_stream\n"
        "assert gzip_stream.zlib is zlib\n"
        "data = b'sku\\n' * 500_000\n"
        "body = gzip.compress(data[:8]) + gzip.compress(data[8:]) + bytes(9)\n"
        "parts = list(gzip_stream.decompress([body[:1], body[1:50], body[50:]]))\n"
        "assert b''.join(parts) == data and max(map(len, parts)) <= gzip_stream.MAX_OUTPUT\n"
        "for broken in (body[:-20], body[:60] + b'?' + body[61:]):\n"
        "    try:\n"
        "        list(gzip_stream.decompress([broken]))\n"
        "    except gzip_stream.TruncatedError:\n"
        "        continue\n"
        "    raise AssertionError('damage not noticed')\n"
    )
    run(code)
