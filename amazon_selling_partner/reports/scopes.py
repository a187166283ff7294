"""For whom a report is asked for: each marketplace, or the region once."""

import hashlib
from typing import Dict, List, Mapping, Sequence

from ..client.errors import ConfigurationError
from ..settings import MARKETPLACES
from .jobs import Scope
from .report import Report, check_options

LONGEST_ASINS = 200
"""Characters Amazon takes for a list of ASINs."""

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


def scopes_of(
    report: Report,
    marketplace_ids: Sequence[str],
    options: Mapping[str, str],
    asins: Sequence[str],
) -> List[Scope]:
    """The scopes in which a report is asked for, each with the options to send.

    Args:
        report (Report): What is asked for.
        marketplace_ids (Sequence[str]): Marketplaces of the account.
        options (Mapping[str, str]): The user's own options.
        asins (Sequence[str]): For reports that take them.

    Returns:
        List[Scope]: One a marketplace, for several marketplaces in one request are refused; one for
            a regional report; one a packet of ASINs.

    Raises:
        ConfigurationError: When an option's value is not taken, or ASINs are missing.
    """
    checked = check_options(report, options)
    packets = packed_asins(asins) if report.asins else [[]]
    if report.asins and not packets:
        raise ConfigurationError(
            f"{report.name} needs the ASINs to report on: list them in asins, such as"
            ' asins = ["B000000001"].'
        )
    if report.regional:
        return [Scope("region", list(marketplace_ids[:1]), "", checked)]
    scopes: List[Scope] = []
    for id in marketplace_ids:
        country = MARKETPLACES[id].country if id in MARKETPLACES else ""
        sent = {
            # not str.format: an option of the user's own may hold braces
            name: value.replace("{currency}", CURRENCIES.get(country, "EUR"))
            for name, value in checked.items()
        }
        for packet in packets:
            if not packet:
                scopes.append(Scope(id, [id], id, sent))
                continue
            text = " ".join(packet)
            key = f"{id} {hashlib.sha256(text.encode()).hexdigest()[:12]}"
            scopes.append(Scope(key, [id], id, {**sent, report.asins: text}, packet))
    return scopes


def packed_asins(asins: Sequence[str]) -> List[List[str]]:
    """ASINs in as few packets of at most 200 characters as their order allows.

    Args:
        asins (Sequence[str]): In the user's order, so that a new one at the end changes one packet.
    """
    packets: List[List[str]] = []
    length = LONGEST_ASINS + 1
    for asin in dict.fromkeys(asin.strip() for asin in asins if asin.strip()):
        length += 1 + len(asin)
        if length > LONGEST_ASINS:
            packets.append([])
            length = len(asin)
        packets[-1].append(asin)
    return packets
