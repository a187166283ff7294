"""Column names from the header line of a text document."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import List, Mapping, Tuple

from ....common.identifiers import to_ascii
from ....common.personal_data import is_personal
from .layout import FlatLayout
from .table_buffer import unique_names

IDENTIFIERS = frozenset(
    """sku seller_sku merchant_sku msku fnsku asin asin1 fulfillment_channel_sku order_id
    amazon_order_id order_item_id amazon_order_item_id settlement_id product_name item_name title
    marketplace marketplace_id country currency condition""".split()
)
"""Columns of so many reports that they are known in each."""

MAX_COLUMNS = 2_000
"""Most cells of a line that may be headers; a line of more is a text with many commas."""

SPACING = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class Header:
    """The columns of a document.

    Attributes:
        names: Column names in order, unique; those without a header are `column_<n>`.
        named: How many of them the document names; the others are there for trailing separators.
        cells: Cells of the header line; columns beyond them are empty in every row.
        texts: Those cells as written.
    """

    names: List[str]
    named: int
    cells: int
    texts: Tuple[str, ...] = ()

    def is_complete(self, width: int) -> bool:
        """True for the number of cells of a row that is neither too narrow nor too wide."""
        return self.named <= width <= len(self.names)


@lru_cache(maxsize=5_000)
def header_key(text: str) -> str:
    """What headers are compared by: case, spacing and punctuation make no difference."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    visible = "".join(char for char in folded if unicodedata.category(char) != "Cf")
    return SPACING.sub(" ", visible).strip()


def build_header(found: List[str], extra: int, layout: FlatLayout) -> Header:
    """Column names for the headers of a document.

    Args:
        found: Headers as written.
        extra: How many empty cells every row has beyond them.
        layout: Translations, positions and naming.
    """
    headers = _english(found, _by_key(layout.headers))
    for localized, english in layout.repeated_headers.items():
        places = [n for n, text in enumerate(found) if header_key(text) == header_key(localized)]
        if len(places) == len(english):
            for place, text in zip(places, english, strict=True):
                headers[place] = text
    headers[: len(layout.positional)] = layout.positional[: len(headers)]
    while headers and not headers[-1]:
        headers.pop()
    names = [_column(text, layout) for text in headers]
    width = len(found) + extra
    names += [""] * (width - len(names))
    names = [name or f"column_{position}" for position, name in enumerate(names, 1)]
    reserved = [layout.line_number] if layout.line_number else []
    unique = unique_names(reserved + names)[len(reserved) :]
    return Header(unique, len(headers), len(found), tuple(found))


def count_known(found: List[str], layout: FlatLayout) -> int:
    """How many cells of a line are headers that the layout knows."""
    by_key = _by_key(layout.headers)
    known = {""}
    for text in found[:MAX_COLUMNS]:
        english = by_key.get(header_key(text))
        name = _column(text.strip() if english is None else english, layout)
        if english is not None or name in IDENTIFIERS or name in layout.table.columns:
            known.add(name)
    return len(known) - 1


def _by_key(headers: Mapping[str, str]) -> Mapping[str, str]:
    return _keyed(tuple(headers.items()))


@lru_cache(maxsize=8)
def _keyed(headers: Tuple[Tuple[str, str], ...]) -> Mapping[str, str]:
    # each line in which a header is looked for needs them
    return {header_key(text): english for text, english in headers}


def _english(found: List[str], by_key: Mapping[str, str]) -> List[str]:
    return [by_key.get(header_key(text), text.strip()) for text in found]


def _column(header: str, layout: FlatLayout) -> str:
    """The name for a header, empty where none can be made: a letter of ASCII is needed."""
    if not any(map(str.isalpha, to_ascii(header))):
        return "personal" if is_personal(header) else ""
    name = layout.table.naming((header,))
    return layout.aliases.get(name, name)
