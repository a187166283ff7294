"""Buyers: names, addresses and gift messages, with the characters that break careless loaders."""

import random
from typing import Any, NamedTuple

from .marketplaces import Marketplace


class Town(NamedTuple):
    """A town; postal codes may start with zeros."""

    city: str
    region: str
    postal_code: str
    district: str = ""


_NAMES = {
    "JP": ("山田 太郎", "佐藤 花子", "髙橋 健", "斎藤 ゆき"),
    "BR": ("João da Conceição", "Thaís Gonçalves", "Luís d'Ávila"),
    "DE": ("Jürgen Groß", "Änne Müller", "Max von der Höhe"),
    "": (
        "Ann O'Neil",
        'Robert "Bob" Smith',
        "Zoë Nuñez",
        "Łukasz Kowalski",
        "Mary-Jane\tDoe",
        "李 雷",
    ),
}
_TOWNS = {
    "US": (Town("Boston", "MA", "02108"), Town("Seattle", "WA", "98101"),
           Town("San Juan", "PR", "00901"), Town("Albany", "NY", "12207-0001")),
    "CA": (Town("Montréal", "QC", "H2Y 1C6"), Town("Toronto", "ON", "M5V 2T6")),
    "JP": (Town("札幌市", "北海道", "060-0001", "中央区"),
           Town("千代田区", "東京都", "100-0001")),
    "DE": (Town("Dresden", "", "01067"), Town("München", "Bayern", "80331")),
    "BR": (Town("São Paulo", "SP", "01310-100"), Town("Rio de Janeiro", "RJ", "20040-020")),
    "": (Town("Capital", "", "00123"), Town("Sankt-Örtchen", "North", "0456")),
}  # fmt: skip
_STREETS = ("1 Main St", "42 Rue de l'Église", "Hauptstraße 7b", "丸の内1-1-1", "007 Elm Ave, #5")
_GIFT_MESSAGES = (
    "Happy birthday, Mum! 🎂🎉",
    'He said: "open it"\nLove,\tAnn',
    "誕生日おめでとう!\r\nまたね",
    "50% off? No; it's a gift, \\o/ – 🤷🏽‍♀️",
    "",
)
_COMPANIES = ("Smith & Sons, Inc.", "Müller GmbH & Co. KG", "株式会社サンプル", 'ACME "Intl" LLC')


def buyer(rng: random.Random, marketplace: Marketplace, business: bool) -> dict[str, Any]:
    """The `buyer` of an order, all of its fields."""
    fields: dict[str, Any] = {
        "buyerName": rng.choice(_NAMES.get(marketplace.country, _NAMES[""])),
        "buyerEmail": f"{rng.getrandbits(60):013x}@marketplace.{marketplace.name.lower()}",
    }
    if business:
        fields["buyerCompanyName"] = rng.choice(_COMPANIES)
        fields["buyerPurchaseOrderNumber"] = f"{rng.randrange(10**6):08d}"
    return fields


def address(rng: random.Random, marketplace: Marketplace, business: bool) -> dict[str, Any]:
    """A `CustomerAddress` in a marketplace's country."""
    country = marketplace.country
    town = rng.choice(_TOWNS.get(country, _TOWNS[""]))
    fields: dict[str, Any] = {
        "name": rng.choice(_NAMES.get(country, _NAMES[""])),
        "addressLine1": rng.choice(_STREETS),
        "city": town.city,
        "stateOrRegion": town.region,
        "postalCode": town.postal_code,
        "countryCode": country,
        "phone": f"+{rng.randrange(1, 99)} 0{rng.randrange(10**8):08d}",
        "addressType": "COMMERCIAL" if business else "RESIDENTIAL",
    }
    if town.district:
        fields["districtOrCounty"] = town.district
    if business:
        fields["companyName"] = rng.choice(_COMPANIES)
    if country == "BR":
        fields["extendedFields"] = {
            "streetName": "Avenida Paulista",
            "streetNumber": "0099",
            "complement": "apto. 5",
            "neighborhood": "Bela Vista",
        }
    return fields


def delivery_preference(rng: random.Random, closed_on: str) -> dict[str, Any]:
    """A `DeliveryPreference` with opening hours, and a date (ISO 8601) on which it is closed."""
    day = {"startTime": {"hour": 9, "minute": 0}, "endTime": {"hour": 17, "minute": 30}}
    return {
        "dropOffLocation": rng.choice(("Front door", 'Behind the "green" shed')),
        "addressInstruction": "Ring twice;\nbeware of the dog 🐕",
        "deliveryTime": {
            "businessHours": [
                {"dayOfWeek": name, "timeWindows": [day]} for name in ("MON", "TUE", "FRI")
            ],
            "exceptionDates": [
                {"exceptionDate": closed_on, "exceptionDateType": "CLOSED", "timeWindows": []}
            ],
        },
        "deliveryCapabilities": ["HAS_ACCESS_POINT", "PALLET_ENABLED"],
    }


def gift_message(rng: random.Random) -> str:
    """A gift message with tabs, line ends, quotes and emoji."""
    return rng.choice(_GIFT_MESSAGES)


def company(rng: random.Random) -> str:
    """Name of a business."""
    return rng.choice(_COMPANIES)
