"""How what Amazon tells a vendor becomes rows: parties, intervals, and names that stay short."""

from typing import Any, Dict, List

from ..finance.groups import moment

ADDRESS = """name address_line1 address_line2 address_line3 city county district state_or_region
    postal_code country_code phone"""
"""Columns of an address."""


def prefixed(prefix: str, names: str) -> str:
    """Names of columns, each with a prefix.

    Args:
        prefix (str): What the object is called.
        names (str): Columns of the object, separated by white space.

    Returns:
        str: `<prefix>__<name>`, separated by blanks.
    """
    return " ".join(f"{prefix}__{name}" for name in names.split())


def party(name: str, more: str = "") -> str:
    """Columns of a party: its id, its address, and what else it has.

    Args:
        name (str): Such as `selling_party`.
        more (str): Further columns of it.

    Returns:
        str: Names of columns.
    """
    return prefixed(name, f"party_id {prefixed('address', ADDRESS)} {more}")


def below(row: Dict[str, Any], *names: str) -> Dict[str, Any]:
    """The nested object at `names`; an empty one where it is absent."""
    for name in names:
        value = row.get(name)
        row = value if isinstance(value, dict) else {}
    return row


def dicts(row: Dict[str, Any], name: str) -> List[Dict[str, Any]]:
    """The rows of a list field; none where it is absent or holds something else."""
    value = row.get(name)
    return [part for part in value if isinstance(part, dict)] if isinstance(value, list) else []


def split_interval(row: Dict[str, Any], name: str) -> None:
    """Adds the two ends of an interval such as 2026-03-01T13:00:00Z--2026-03-11T15:30:00Z.

    Args:
        row (Dict[str, Any]): Has the interval; gets `<name>Start` and `<name>End`, UTC, both empty
            where it is none.
        name (str): Field with the interval.
    """
    start, _, end = str(row.get(name) or "").partition("--")
    row[f"{name}Start"], row[f"{name}End"] = moment(start), moment(end)


def gather_tax_registrations(row: Dict[str, Any], *parties: str) -> None:
    """Moves the tax registrations of parties into one list of the row, each with its party.

    Below the parties their names would pass 63 characters.

    Args:
        row (Dict[str, Any]): Has the parties; gets `taxRegistrations`.
        *parties (str): Their fields, each with a list `taxRegistrationDetails` or a `taxInfo`.
    """
    gathered = []
    for name in parties:
        found = below(row, name)
        registrations = dicts(found, "taxRegistrationDetails")
        registrations += [info] if (info := below(found, "taxInfo")) else []
        for registration in registrations:
            gathered.append({"party": name, "partyId": found.get("partyId"), **registration})
        for moved in ("taxRegistrationDetails", "taxInfo"):
            found.pop(moved, None)
    row["taxRegistrations"] = gathered
