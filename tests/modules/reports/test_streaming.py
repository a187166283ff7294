"""Documents of any size come from the simulator in pieces, also when they break off."""

import os
import tracemalloc
import zlib
from typing import Any, Iterator, List

import pytest
import requests

from amazon_selling_partner.modules.reports import report
from sp_api_simulator.reports.report_store import Report

from .support import US, Account, account, table_rows

KIND = "GET_MY_LARGE_REPORT"
LARGE = report(KIND, table_name="large")
MEGABYTE = 1 << 20


def pieces(lines: int) -> Iterator[bytes]:
    """Lines of 64 bytes, a thousand at once."""
    yield b"number\tfiller\n"
    for first in range(0, lines, 1000):
        numbers = range(first, min(first + 1000, lines))
        yield b"".join(b"%08d\t%s\n" % (n, b"x" * 54) for n in numbers)


def address(seller: Account) -> str:
    """Where a document is that was made just now."""
    now = seller.simulator.account.now()
    made = seller.book.reports["1"] = Report("1", KIND, [US], {}, None, None, now, now, now)
    made.document = "document"
    return f"{seller.simulator.url}/documents/1?X-Amz-Date={now}&X-Amz-Expires=300&account=default"


@pytest.mark.parametrize("compressed, size", [(True, 50), (False, 200)])
def test_a_large_document_is_served_in_little_memory(compressed: bool, size: int) -> None:
    with account() as seller:
        seller.book.gzip = compressed
        seller.book.documents[KIND] = lambda: (
            os.urandom(MEGABYTE // 2).hex().encode() for _ in range(size)
        )
        url = address(seller)
        inflate = zlib.decompressobj(31)
        tracemalloc.start()
        with requests.get(url, stream=True, timeout=60) as answer:
            assert answer.headers["Transfer-Encoding"] == "chunked"
            came = 0
            for chunk in answer.raw.stream(MEGABYTE // 4, decode_content=False):
                came += len(inflate.decompress(chunk) if compressed else chunk)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert came == size * MEGABYTE
        assert peak < 20 * MEGABYTE


def test_a_small_document_has_its_length() -> None:
    with account() as seller:
        seller.book.documents[KIND] = lambda: pieces(10)
        answer = requests.get(address(seller), timeout=60)
        assert int(answer.headers["Content-Length"]) == len(answer.content)


@pytest.mark.parametrize("kind", ["truncate", "reset_mid_body", "reset", "broken_json"])
def test_an_interrupted_stream_is_fetched_again(kind: str) -> None:
    lines = 40_000
    with account() as seller:
        seller.book.gzip = kind == "broken_json"
        seller.book.documents[KIND] = lambda: pieces(lines)
        if seller.book.gzip:
            # compressed it would be small
            seller.book.documents[KIND] = lambda: noise(lines)
        seller.simulator.faults.add(kind, "downloadDocument", times=2)
        found: List[Any] = table_rows(seller.run([LARGE]), "large")
        assert [int(row["number"]) for row in found] == list(range(lines))
        assert seller.calls("downloadDocument") == 3


def noise(lines: int) -> Iterator[bytes]:
    """Lines that cannot be compressed much."""
    yield b"number\tfiller\n"
    for first in range(0, lines, 1000):
        numbers = range(first, min(first + 1000, lines))
        yield b"".join(
            b"%08d\t%040x%040x\n" % (n, pow(7, n, 2**160 - 47), pow(11, n, 2**160 - 47))
            for n in numbers
        )
