"""For whom a report is requested: each marketplace, or the region once."""

import hashlib
from typing import Dict, List, Mapping, Sequence

from ...client.errors import ConfigurationError
from ...settings import MARKETPLACES
from .jobs import Scope
from .report import Report, validate_options

MAX_ASINS_LENGTH = 200
"""Characters Amazon takes for a list of ASINs."""

MAX_QUERY_ASINS = 30
"""ASINs of one marketplace that Data Kiosk takes in a query of trends."""

CURRENCIES: Dict[str, str] = {
    "US": "USD",
    "CA": "CAD",
    "MX": "MXN",
    "BR": "BRL",
    "GB": "GBP",
    "SE": "SEK",
    "PL": "PLN",
    "TR": "TRY",
    "AE": "AED",
    "SA": "SAR",
    "EG": "EGP",
    "IN": "INR",
    "ZA": "ZAR",
    "JP": "JPY",
    "AU": "AUD",
    "SG": "SGD",
}
"""Currency by country; the others pay in euro."""


def resolve_scopes(
    report: Report,
    marketplace_ids: Sequence[str],
    options: Mapping[str, str],
    asins: Sequence[str],
) -> List[Scope]:
    """The scopes in which a report is requested, each with the options to send.

    Args:
        marketplace_ids: Of the account.
        options: The user's.
        asins: For reports that take them.

    Returns:
        One per marketplace, for several marketplaces in one request are refused; one for a regional
        report; one per packet of ASINs.

    Raises:
        ConfigurationError: When an option's value is not taken, or ASINs are missing.
    """
    valid = validate_options(report, options)
    packets = pack_asins(asins) if report.asins else [[]]
    if report.asins and report.query:
        packets = _chunks(asins, MAX_QUERY_ASINS)
    if report.asins and not packets:
        raise ConfigurationError(
            f"{report.name} needs the ASINs to report on: list them in asins, such as"
            ' asins = ["B000000001"].'
        )
    if report.regional:
        ids = list(marketplace_ids)
        return [Scope("region", ids[:1], "", valid, candidates=ids)]
    scopes: List[Scope] = []
    for id in marketplace_ids:
        filled = {"{currency}": currency_of(id), "{marketplace_id}": id}
        # not str.format: an option of the user may hold braces
        sent = {name: filled.get(value, value) for name, value in valid.items()}
        for packet in packets:
            if not packet:
                # a type of unknown scope may ignore the marketplace and answer the region
                encoded_by = list(dict.fromkeys([id, *marketplace_ids]))
                encoded_by = encoded_by if report.regional is None else []
                scopes.append(Scope(id, [id], id, sent, [], [id], encoded_by))
                continue
            text = " ".join(packet)
            key = f"{id} {hashlib.sha256(text.encode()).hexdigest()[:12]}"
            if not report.query:
                sent = {**sent, report.asins: text}
            scopes.append(Scope(key, [id], id, sent, packet, [id]))
    return scopes


def pack_asins(asins: Sequence[str]) -> List[List[str]]:
    """ASINs in as few packets of at most 200 characters as their order allows.

    The order is the user's, so that a new one at the end changes one packet.
    """
    packets: List[List[str]] = []
    length = MAX_ASINS_LENGTH + 1
    for asin in dict.fromkeys(asin.strip() for asin in asins if asin.strip()):
        length += 1 + len(asin)
        if length > MAX_ASINS_LENGTH:
            packets.append([])
            length = len(asin)
        packets[-1].append(asin)
    return packets


def _chunks(asins: Sequence[str], size: int) -> List[List[str]]:
    distinct = list(dict.fromkeys(asin.strip() for asin in asins if asin.strip()))
    return [distinct[first : first + size] for first in range(0, len(distinct), size)]


def marketplace_named(text: str, region: str, candidates: Sequence[str]) -> str:
    """The marketplace that a store, country or currency of a document stands for.

    Args:
        text: Such as `DE`, `UK` or `SEK`.
        candidates: Marketplaces of the account: of several with one currency none is meant.

    Returns:
        Its id, empty where it is not certain.
    """
    code = {"UK": "GB"}.get(text.strip().upper(), text.strip().upper())
    for id, known in MARKETPLACES.items():
        if known.country == code and known.region == region:
            return id
    paid = [id for id in candidates if id in MARKETPLACES and currency_of(id) == code]
    return paid[0] if len(paid) == 1 else ""


def currency_of(marketplace_id: str) -> str:
    """The currency of a marketplace."""
    known = MARKETPLACES.get(marketplace_id)
    return CURRENCIES.get(known.country if known else "", "EUR")
