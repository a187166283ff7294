"""Adjustments that carry money from an event group of an account to the next one."""

from .order_events import Event, Writer


def reserve_debit(writer: Writer, minor: int) -> Event:
    """The reserve that is held back at the end of a group ("current reserve amount")."""
    return _adjustment(writer, "ReserveDebit", -minor, "Current Reserve Amount")


def reserve_credit(writer: Writer, minor: int) -> Event:
    """The reserve at the start of the next group ("previous reserve amount balance")."""
    return _adjustment(writer, "ReserveCredit", minor, "Previous Reserve Amount Balance")


def failed_transfer(writer: Writer, minor: int) -> Event:
    """The total of a group whose transfer to the bank failed, in the next group.

    No public source documents the form in which Amazon carries it over.
    """
    return _adjustment(writer, "FailedDisbursement", minor, "Failed disbursement")


def _adjustment(writer: Writer, kind: str, minor: int, description: str) -> Event:
    item = {
        "Quantity": "1",
        "PerUnitAmount": writer.money(minor, counts=False),
        "TotalAmount": writer.money(minor, counts=False),
        "ProductDescription": description,
    }
    return {
        "AdjustmentType": kind,
        "PostedDate": writer.date,
        "AdjustmentAmount": writer.money(minor),
        "AdjustmentItemList": [item],
    }
