"""Which characters come out of which bytes."""

import subprocess
import sys
import time
from pathlib import Path
from typing import List

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amazon_selling_partner.modules.reports.documents import FlatLayout, JsonLayout, TableLayout
from amazon_selling_partner.modules.reports.documents.encoding import (
    choose_encoding,
    fallback_encodings,
    is_utf8,
    parse_charset,
)
from amazon_selling_partner.modules.reports.documents.scan import TextScan

from .support import read

FLAT = FlatLayout(TableLayout("t"))
JAPAN = "A1VC38T7YXB528"
GERMANY = "A1PA6795UKMFR9"


@pytest.mark.parametrize(
    "content_type, marketplace, encoding, text",
    [
        ("text/plain; charset=UTF-8", GERMANY, "utf-8", "café € 日本 🎁"),
        (None, GERMANY, "utf-8", "café € 日本 🎁"),
        (None, JAPAN, "utf-8", "café € 日本 🎁"),
        ("text/plain;charset=Cp1252", GERMANY, "cp1252", "café €5 „gut“ – Ž"),
        ("text/plain; charset=ISO-8859-1", GERMANY, "cp1252", "café €5 „gut“"),
        ('text/plain; charset="windows-1252"', GERMANY, "cp1252", "naïve …"),
        (None, GERMANY, "cp1252", "café €5 „gut“"),
        ("text/plain;charset=Windows-31J", JAPAN, "cp932", "①髙～ソ表 テスト"),
        ("text/plain;charset=Shift_JIS", JAPAN, "cp932", "①髙～ソ表 テスト"),
        (None, JAPAN, "cp932", "①髙～ソ表 テスト"),
        ("text/plain;charset=nonsense", GERMANY, "utf-8", "café"),
    ],
)
def test_each_encoding_gives_its_characters(
    content_type: str, marketplace: str, encoding: str, text: str
) -> None:
    data = f"sku\ttitle\r\n1\t{text}\r\n2\tplain\r\n".encode(encoding)
    result = read(data, FLAT, content_type, fallback_encodings([marketplace]))
    assert result.rows() == [{"sku": "1", "title": text}, {"sku": "2", "title": "plain"}]


def test_only_an_explicit_charset_counts() -> None:
    assert parse_charset("text/plain") is None
    assert parse_charset(None) is None
    assert parse_charset("text/plain; charset=utf-8") == "utf-8"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("size", [1, 3, 1000])
def test_byte_order_mark_wins_and_is_not_part_of_the_header(encoding: str, size: int) -> None:
    data = "sku\ttitle\n1\tcafé 日本 🎁\n".encode(encoding)
    result = read(data, FLAT, "text/plain;charset=Cp1252", size=size)
    assert result.rows() == [{"sku": "1", "title": "café 日本 🎁"}]


def test_an_invalid_byte_late_in_the_document_decides_for_all_of_it() -> None:
    lines = [b"sku\ttitle"] + [b"%d\tplain" % n for n in range(10_000)]
    lines[10_000] = b"9999\tcaf\xe9"
    rows = read(b"\n".join(lines), FLAT).rows()
    assert len(rows) == 10_000
    assert rows[-1] == {"sku": "9999", "title": "café"}


def test_a_damaged_line_of_utf8_is_rejected_and_the_rest_is_right() -> None:
    lines = [b"sku\ttitle"] + [f"{n}\tcafé {n}".encode() for n in range(10_000)]
    lines[7_001] = b"7000\tbro\\ken \xff\xfe"
    result = read(b"\n".join(lines), FLAT)
    assert [row["title"] for row in result.rows()] == [
        f"café {n}" for n in range(10_000) if n != 7000
    ]
    (rejected,) = result.rejected
    assert rejected["line_number"] == 7002
    assert rejected["raw_text"] == "7000\tbro\\\\ken \\xff\\xfe"
    assert rejected["reason"] == "not valid utf-8"


@settings(max_examples=500, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=20),
        st.text(max_size=6).map(str.encode),
        st.text(st.characters(categories=["Cs", "Lo"]), max_size=4).map(
            lambda text: text.encode("utf-8", "surrogatepass")
        ),
    )
)
def test_utf8_is_judged_as_python_judges_it(data: bytes) -> None:
    try:
        data.decode()
        valid = True
    except UnicodeDecodeError:
        valid = False
    assert is_utf8(data) == is_utf8(memoryview(data)) == valid


def test_one_long_line_is_scanned_in_linear_time() -> None:
    """A JSON report without line ends; joined again and again it would take minutes."""
    look = TextScan()
    began = time.process_time()
    for _ in range(15_000):
        look.feed("é".encode() * 1500)
    look.feed(b"")
    assert look.is_utf8 and look.size == 45_000_000
    assert (
        choose_encoding(("é".encode() * 1500 for _ in range(15_000)), None, ["cp1252"]).encoding
        == "utf-8"
    )
    assert time.process_time() - began < 20


@settings(max_examples=500, deadline=None)
@given(
    st.lists(st.sampled_from([b"a", b"\r", b"\n", b"\0", "é日🎁".encode(), b"\xff", b"\xe6"])),
    st.integers(1, 9),
)
def test_a_scan_in_pieces_equals_a_scan_of_all(parts: List[bytes], size: int) -> None:
    data = b"".join(parts)
    look = TextScan()
    for place in range(0, len(data), size):
        look.feed(data[place : place + size])
    look.feed(b"")
    assert look.is_utf8 == is_utf8(data)
    assert look.has_nul == (b"\0" in data)
    assert look.size == len(data)


def test_declared_charset_that_does_not_hold_gives_way_to_utf8() -> None:
    # 0x8d and 0x81 mean nothing in cp1252
    data = "sku\ttitle\n1\tčÁ\n".encode()
    assert read(data, FLAT, "text/plain;charset=Cp1252").rows()[0]["title"] == "čÁ"


def test_byte_invalid_in_every_candidate_is_kept_aside() -> None:
    data = b"sku\ttitle\n1\t\x81 caf\xe9\n2\tcaf\xe9\n"
    result = read(data, FLAT, "text/plain;charset=Cp1252")
    assert result.rows() == [{"sku": "2", "title": "café"}]
    assert result.rejected[0]["raw_text"] == "1\t\\x81 café"
    assert result.rejected[0]["line_number"] == 2


def test_json_is_utf8_whatever_the_header_says() -> None:
    data = '{"rows":[{"title":"café 日本"}]}'.encode()
    layout = JsonLayout({"rows": TableLayout("t")})
    assert read(data, layout, "application/json;charset=ISO-8859-1").rows() == [
        {"title": "café 日本"}
    ]


def test_documents_are_read_in_the_c_locale() -> None:
    code = (
        "from amazon_selling_partner.modules.reports.documents import *\n"
        "d = Document([b'sku\\ttitle\\n1\\t', 'é日'.encode(), b'\\n'])\n"
        "(_, t), = read_document(d, FlatLayout(TableLayout('t')))\n"
        "assert t.to_pylist() == [{'sku': '1', 'title': '\\u00e9\\u65e5'}]\n"
    )
    environment = {
        "LC_ALL": "C",
        "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0",
        "PYTHONPATH": str(Path(__file__).parents[4]),
    }
    done = subprocess.run(
        [sys.executable, "-c", code.replace("é日", "\\u00e9\\u65e5")],
        env=environment,
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
