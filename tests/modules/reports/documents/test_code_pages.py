"""A document of marketplaces with different code pages: no row is read with the wrong one."""

from typing import List

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amazon_selling_partner.modules.reports.documents import (
    FlatLayout,
    TableLayout,
    fallback_encodings,
)
from amazon_selling_partner.modules.reports.documents.code_pages import weigh

from .support import read

LAYOUT = FlatLayout(TableLayout("t"))
CSV = FlatLayout(TableLayout("t"), is_quoted=True, separator=",")
AU, SG, JP, DE = "A39IBJ37TRP1C6", "A19VAU5U5O7RUS", "A1VC38T7YXB528", "A1PA6795UKMFR9"

JAPANESE = [
    "ペン",
    "ボールペン 黒",
    "日本語の本",
    "東京",
    "本",
    "ｶﾀｶﾅ ﾍﾟﾝ",
    "①髙～ソ表",
    "USB-C ケーブル 2m",
    "Ａ４用紙（500枚）",
    "お茶、緑",
    "アイウエオ",
    "Apple 純正 Lightning",
    "表示",
]
WESTERN = [
    "café",
    "Crème brûlée",
    "naïve",
    "Müller & Söhne",
    "don’t stop",
    "“Best” – 5 €",
    "£12 ½ price",
    "Größe: 5°C",
    "señor niño",
    "Éclair à la crème",
    "smörgåsbord",
    "São Paulo",
    "déjà vu – l’été",
    "® and ™ brands",
]


def titles(texts: List[str], encoding: str, marketplaces: List[str], layout: FlatLayout = LAYOUT):  # type: ignore[no-untyped-def]
    lines = ["sku,title".replace(",", layout.separator)]
    lines += [f"{n}{layout.separator}{text.replace(',', ';')}" for n, text in enumerate(texts)]
    data = "\n".join(lines).encode(encoding)
    result = read(data, layout, None, fallback_encodings(marketplaces))
    assert not result.rejected
    return [row["title"] for row in result.rows()]


@pytest.mark.parametrize("marketplaces", [[AU, JP], [JP, AU], [AU, SG, JP], [JP]])
@pytest.mark.parametrize("layout", [LAYOUT, CSV])
def test_japanese_is_read_whatever_the_order_of_the_marketplaces(
    marketplaces: List[str], layout: FlatLayout
) -> None:
    assert titles(JAPANESE, "cp932", marketplaces, layout) == JAPANESE
    for text in JAPANESE:
        # one line with a single kanji shows nothing: it follows the order
        if text != "本" or marketplaces[0] == JP:
            assert titles([text], "cp932", marketplaces, layout) == [text], text


@pytest.mark.parametrize("marketplaces", [[AU, JP], [JP, AU], [AU, SG, JP], [AU], [DE]])
@pytest.mark.parametrize("layout", [LAYOUT, CSV])
def test_western_text_is_read_whatever_the_order_of_the_marketplaces(
    marketplaces: List[str], layout: FlatLayout
) -> None:
    assert titles(WESTERN, "cp1252", marketplaces, layout) == WESTERN
    for text in WESTERN:
        assert titles([text], "cp1252", marketplaces, layout) == [text], text


@pytest.mark.parametrize("text", JAPANESE + WESTERN)
def test_utf8_is_utf8_in_all_marketplaces(text: str) -> None:
    assert titles([text], "utf-8", [AU, JP]) == [text]


def test_lines_of_both_code_pages_in_one_document() -> None:
    lines = [b"sku\ttitle"]
    lines += [f"{n}\t{text}".encode("cp932") for n, text in enumerate(JAPANESE)]
    lines += [f"{n}\t{text}".encode("cp1252") for n, text in enumerate(["café", "Crème brûlée"])]
    for marketplaces in ([AU, JP], [JP, AU]):
        result = read(b"\n".join(lines), LAYOUT, None, fallback_encodings(marketplaces))
        assert [row["title"] for row in result.rows()] == [*JAPANESE, "café", "Crème brûlée"]


def test_a_line_in_neither_code_page_is_rejected() -> None:
    data = b"sku\ttitle\n1\t\x83y\x83\x93\n2\t\x81\xfd \xff\n3\tcaf\xe9\n"
    result = read(data, LAYOUT, None, fallback_encodings([AU, JP]))
    assert [row["title"] for row in result.rows()] == ["ペン", "café"]
    assert [row["line_number"] for row in result.rejected] == [3]


def test_a_charset_that_does_not_hold_gives_way_to_the_code_page_of_the_lines() -> None:
    data = ("sku\ttitle\n" + "".join(f"{n}\t{text}\n" for n, text in enumerate(JAPANESE))).encode(
        "cp932"
    )
    result = read(data, LAYOUT, "text/plain;charset=Cp1252", fallback_encodings([JP]))
    assert [row["title"] for row in result.rows()] == JAPANESE


KANA = st.text(st.characters(min_codepoint=0x3041, max_codepoint=0x3093), min_size=2, max_size=8)
WORDS = st.lists(st.sampled_from(WESTERN), min_size=1, max_size=3).map(" ".join)


@settings(max_examples=200, deadline=None)
@given(st.lists(KANA, min_size=1, max_size=5), st.booleans())
def test_any_kana_is_japanese(texts: List[str], first: bool) -> None:
    assert titles(texts, "cp932", [AU, JP] if first else [JP, AU]) == texts


@settings(max_examples=100, deadline=None)
@given(st.lists(WORDS, min_size=1, max_size=5), st.booleans())
def test_any_western_words_are_western(texts: List[str], first: bool) -> None:
    assert titles(texts, "cp1252", [AU, JP] if first else [JP, AU]) == texts


def test_an_ascii_line_is_evidence_of_nothing() -> None:
    assert weigh(b"1\tplain ~ \\ text") == (0, 0)


def test_one_encoding_per_code_page_of_the_marketplaces() -> None:
    assert fallback_encodings([AU, SG, JP]) == ("cp1252", "cp932")
    assert fallback_encodings([JP]) == ("cp932",)
    assert fallback_encodings([]) == ("cp1252",)
