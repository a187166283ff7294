"""How the countries of Amazon's marketplaces write amounts, and what names them in a report."""

from typing import Dict, FrozenSet

COMMA_COUNTRIES = frozenset(("BR", "DE", "FR", "IT", "ES", "NL", "BE", "SE", "PL", "TR", "ZA"))

CURRENCIES: Dict[str, str] = {
    "usd": "US",
    "cad": "CA",
    "mxn": "MX",
    "brl": "BR",
    "gbp": "GB",
    "eur": "DE ES FR IT NL BE",
    "sek": "SE",
    "pln": "PL",
    "try": "TR",
    "aed": "AE",
    "sar": "SA",
    "egp": "EG",
    "inr": "IN",
    "zar": "ZA",
    "jpy": "JP",
    "aud": "AU",
    "sgd": "SG",
}
"""Countries by currency; in Ireland amounts in euro are written as nowhere else."""

DOMAINS: Dict[str, str] = {
    "com": "US",
    "ca": "CA",
    "com.mx": "MX",
    "com.br": "BR",
    "co.uk": "GB",
    "de": "DE",
    "fr": "FR",
    "it": "IT",
    "es": "ES",
    "nl": "NL",
    "com.be": "BE",
    "se": "SE",
    "pl": "PL",
    "ie": "IE",
    "com.tr": "TR",
    "ae": "AE",
    "sa": "SA",
    "eg": "EG",
    "in": "IN",
    "co.za": "ZA",
    "co.jp": "JP",
    "jp": "JP",
    "com.au": "AU",
    "sg": "SG",
    "com.sg": "SG",
}
"""Country by what follows `amazon.` in the name of a marketplace."""


def countries_of(name: str) -> FrozenSet[str]:
    """Countries that a currency or the name of a marketplace stands for, none for other names."""
    text = name.strip().lower()
    domain = text.removeprefix("www.").removeprefix("amazon.")
    if domain != text:
        return frozenset(DOMAINS.get(domain, "").split())
    return frozenset(CURRENCIES.get(text, "").split())
