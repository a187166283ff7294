"""How what Amazon shows a vendor becomes rows: parties, intervals, and names that stay short."""

from typing import Any, Dict

from ...common.json_access import get_object, get_objects
from ...common.timestamps import parse_timestamp

ADDRESS = """name address_line1 address_line2 address_line3 city county district state_or_region
    postal_code country_code phone"""
"""Columns of an address."""


def prefixed(prefix: str, names: str) -> str:
    """Names of columns, each with a prefix.

    Args:
        prefix: What the object is called.
        names: Columns of the object, separated by white space.

    Returns:
        `<prefix>__<name>`, separated by blanks.
    """
    return " ".join(f"{prefix}__{name}" for name in names.split())


def party(name: str, more: str = "") -> str:
    """Columns of a party: its id, its address, and what else it has.

    Args:
        name: Such as `selling_party`.
        more: Further columns of it.

    Returns:
        Names of columns.
    """
    return prefixed(name, f"party_id {prefixed('address', ADDRESS)} {more}")


def split_interval(row: Dict[str, Any], name: str) -> None:
    """Adds the two ends of an interval such as 2026-03-01T13:00:00Z--2026-03-11T15:30:00Z.

    Args:
        row: Has the interval; gets `<name>Start` and `<name>End`, UTC, both empty
            where it is none.
        name: Field with the interval.
    """
    start, _, end = str(row.get(name) or "").partition("--")
    row[f"{name}Start"], row[f"{name}End"] = parse_timestamp(start), parse_timestamp(end)


def gather_tax_registrations(row: Dict[str, Any], *parties: str) -> None:
    """Moves the tax registrations of parties into one list of the row, each with its party.

    Below the parties their names would pass 63 characters.

    Args:
        row: Has the parties; gets `taxRegistrations`.
        *parties: Their fields, each with a list `taxRegistrationDetails` or a `taxInfo`.
    """
    gathered = []
    for name in parties:
        found = get_object(row, name)
        registrations = get_objects(found, "taxRegistrationDetails")
        registrations += [info] if (info := get_object(found, "taxInfo")) else []
        for registration in registrations:
            gathered.append({"party": name, "partyId": found.get("partyId"), **registration})
        for moved in ("taxRegistrationDetails", "taxInfo"):
            found.pop(moved, None)
    row["taxRegistrations"] = gathered
