"""Amazon's marketplaces as the simulator knows them, and money in their currencies."""

from typing import Any, NamedTuple


class Marketplace(NamedTuple):
    """One marketplace.

    Attributes:
        id: Amazon's identifier, e.g. `ATVPDKIKX0DER`.
        country: ISO 3166-1 alpha-2.
        name: As Amazon prints it, e.g. `Amazon.com`.
        currency: ISO 4217.
        language: e.g. `en_US`.
        zone: IANA time zone of its days.
        region: `NORTH_AMERICA`, `EUROPE` or `FAR_EAST`.
        price_level: Units of its currency per US dollar of a product's price.
        sales_tax: Share added to prices at checkout; 0 where prices include the tax.
    """

    id: str
    country: str
    name: str
    currency: str
    language: str
    zone: str
    region: str
    price_level: float
    sales_tax: float

    @property
    def domain(self) -> str:
        """e.g. `www.amazon.com`."""
        return "www." + self.name.lower()

    @property
    def order_prefixes(self) -> tuple[str, ...]:
        """The first three digits of its order ids."""
        return _US_IDS if self.country == "US" else _IDS[self.region]


_NA, _EU, _FE = "NORTH_AMERICA", "EUROPE", "FAR_EAST"
_US_IDS = ("111", "112", "113", "114", "001")
_IDS = {
    _NA: ("701", "702", "002"),
    _EU: ("026", "028", "204", "302", "305", "402"),
    _FE: ("249", "250", "503", "003"),
}

_TABLE = (
    ("ATVPDKIKX0DER", "US", "Amazon.com", "USD", "en_US", "America/Los_Angeles", _NA, 1.0, 0.0825),
    ("A2EUQ1WTGCTBG2", "CA", "Amazon.ca", "CAD", "en_CA", "America/Los_Angeles", _NA, 1.36, 0.13),
    ("A1AM78C64UM0Y8", "MX", "Amazon.com.mx", "MXN", "es_MX", "America/Mexico_City", _NA, 17.5, 0),
    ("A2Q3Y263D00KWC", "BR", "Amazon.com.br", "BRL", "pt_BR", "America/Sao_Paulo", _NA, 5.1, 0),
    ("A1F83G8C2ARO7P", "GB", "Amazon.co.uk", "GBP", "en_GB", "Europe/London", _EU, 0.79, 0),
    ("A1PA6795UKMFR9", "DE", "Amazon.de", "EUR", "de_DE", "Europe/Berlin", _EU, 0.92, 0),
    ("A13V1IB3VIYZZH", "FR", "Amazon.fr", "EUR", "fr_FR", "Europe/Paris", _EU, 0.93, 0),
    ("APJ6JRA9NG5V4", "IT", "Amazon.it", "EUR", "it_IT", "Europe/Rome", _EU, 0.93, 0),
    ("A1RKKUPIHCS9HS", "ES", "Amazon.es", "EUR", "es_ES", "Europe/Madrid", _EU, 0.91, 0),
    ("A1805IZSGTT6HS", "NL", "Amazon.nl", "EUR", "nl_NL", "Europe/Amsterdam", _EU, 0.94, 0),
    ("AMEN7PMS3EDWL", "BE", "Amazon.com.be", "EUR", "fr_BE", "Europe/Brussels", _EU, 0.94, 0),
    ("A2NODRKZP88ZB9", "SE", "Amazon.se", "SEK", "sv_SE", "Europe/Stockholm", _EU, 10.6, 0),
    ("A1C3SOZRARQ6R3", "PL", "Amazon.pl", "PLN", "pl_PL", "Europe/Warsaw", _EU, 4.0, 0),
    ("A28R8C7NBKEWEA", "IE", "Amazon.ie", "EUR", "en_IE", "Europe/Dublin", _EU, 0.95, 0),
    ("A33AVAJ2PDY3EV", "TR", "Amazon.com.tr", "TRY", "tr_TR", "Europe/Istanbul", _EU, 33.0, 0),
    ("A2VIGQ35RCS4UG", "AE", "Amazon.ae", "AED", "en_AE", "Asia/Dubai", _EU, 3.67, 0),
    ("A17E79C6D8DWNP", "SA", "Amazon.sa", "SAR", "ar_AE", "Asia/Riyadh", _EU, 3.75, 0),
    ("ARBP9OOSHTCHU", "EG", "Amazon.eg", "EGP", "ar_AE", "Africa/Cairo", _EU, 48.0, 0),
    ("A21TJRUUN4KGV", "IN", "Amazon.in", "INR", "en_IN", "Asia/Kolkata", _EU, 83.0, 0),
    ("AE08WJ6YKNBMC", "ZA", "Amazon.co.za", "ZAR", "en_ZA", "Africa/Johannesburg", _EU, 18.2, 0),
    ("A1VC38T7YXB528", "JP", "Amazon.co.jp", "JPY", "ja_JP", "Asia/Tokyo", _FE, 150.0, 0),
    ("A39IBJ37TRP1C6", "AU", "Amazon.com.au", "AUD", "en_AU", "Australia/Sydney", _FE, 1.5, 0),
    ("A19VAU5U5O7RUS", "SG", "Amazon.sg", "SGD", "en_SG", "Asia/Singapore", _FE, 1.34, 0),
)


MARKETPLACES: dict[str, Marketplace] = {row[0]: Marketplace(*row) for row in _TABLE}
"""Every retail marketplace by its id."""

NON_RETAIL = {_NA: "A2ZV50J4W1RKNI", _EU: "A38D8NSA03LJTC", _FE: "A1VN0HAN483KP2"}
"""The marketplace named "Non-Amazon" that accounts of a region also take part in."""

_NO_FRACTION = frozenset({"JPY"})


def amount(minor: int, currency: str) -> str:
    """Writes money as Amazon does.

    Args:
        minor: Amount in the smallest unit of the currency: -1250 USD is `-12.50`, 1250 JPY `1250`.
    """
    if currency in _NO_FRACTION:
        return str(minor)
    sign = "-" if minor < 0 else ""
    return f"{sign}{abs(minor) // 100}.{abs(minor) % 100:02d}"


def money(minor: int, currency: str) -> dict[str, Any]:
    """Amazon's `Money` object, `{"amount": "12.50", "currencyCode": "USD"}`."""
    return {"amount": amount(minor, currency), "currencyCode": currency}


def price_in(marketplace: Marketplace, us_cents: int) -> int:
    """A price in US cents as a price in a marketplace, in the smallest unit of its currency."""
    price = us_cents * marketplace.price_level
    if marketplace.currency in _NO_FRACTION:
        return max(1, round(price / 100))
    return max(1, round(price))
