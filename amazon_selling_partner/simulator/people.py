"""Buyers: names, addresses and what they write, with the characters that break careless loaders."""

import random
from typing import Any, NamedTuple

from .marketplaces import Marketplace


class Place(NamedTuple):
    """A town people live in; postal codes may start with zeros."""

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
_PLACES = {
    "US": (Place("Boston", "MA", "02108"), Place("Seattle", "WA", "98101"),
           Place("San Juan", "PR", "00901"), Place("Albany", "NY", "12207-0001")),
    "CA": (Place("Montréal", "QC", "H2Y 1C6"), Place("Toronto", "ON", "M5V 2T6")),
    "JP": (Place("札幌市", "北海道", "060-0001", "中央区"),
           Place("千代田区", "東京都", "100-0001")),
    "DE": (Place("Dresden", "", "01067"), Place("München", "Bayern", "80331")),
    "BR": (Place("São Paulo", "SP", "01310-100"), Place("Rio de Janeiro", "RJ", "20040-020")),
    "": (Place("Capital", "", "00123"), Place("Sankt-Örtchen", "North", "0456")),
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
    said: dict[str, Any] = {
        "buyerName": rng.choice(_NAMES.get(marketplace.country, _NAMES[""])),
        "buyerEmail": f"{rng.getrandbits(60):013x}@marketplace.{marketplace.name.lower()}",
    }
    if business:
        said["buyerCompanyName"] = rng.choice(_COMPANIES)
        said["buyerPurchaseOrderNumber"] = f"{rng.randrange(10**6):08d}"
    return said


def address(rng: random.Random, marketplace: Marketplace, business: bool) -> dict[str, Any]:
    """A `CustomerAddress` in a marketplace's country."""
    country = marketplace.country
    place = rng.choice(_PLACES.get(country, _PLACES[""]))
    said: dict[str, Any] = {
        "name": rng.choice(_NAMES.get(country, _NAMES[""])),
        "addressLine1": rng.choice(_STREETS),
        "city": place.city,
        "stateOrRegion": place.region,
        "postalCode": place.postal_code,
        "countryCode": country,
        "phone": f"+{rng.randrange(1, 99)} 0{rng.randrange(10**8):08d}",
        "addressType": "COMMERCIAL" if business else "RESIDENTIAL",
    }
    if place.district:
        said["districtOrCounty"] = place.district
    if business:
        said["companyName"] = rng.choice(_COMPANIES)
    if country == "BR":
        said["extendedFields"] = {
            "streetName": "Avenida Paulista",
            "streetNumber": "0099",
            "complement": "apto. 5",
            "neighborhood": "Bela Vista",
        }
    return said


def delivery_preference(rng: random.Random, closed_on: str) -> dict[str, Any]:
    """A `DeliveryPreference`, with opening hours and a day (ISO 8601) without."""
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
    """What a buyer writes on the card, with tabs, line ends, quotes and emoji."""
    return rng.choice(_GIFT_MESSAGES)


def company(rng: random.Random) -> str:
    """Name of a business."""
    return rng.choice(_COMPANIES)
