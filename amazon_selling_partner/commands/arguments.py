"""Types of the command line's arguments; an unreadable one is refused in one sentence."""

import re
from argparse import ArgumentTypeError
from typing import List

from dlt.common import pendulum


def parse_duration(text: str) -> float:
    """A duration such as 90s, 15m, 2h or 1d."""
    units = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
    if text[-1:] not in units or not text[:-1].replace(".", "", 1).isdigit():
        raise ArgumentTypeError(f"{text!r} is no duration: write 90s, 15m, 2h or 1d")
    if not float(text[:-1]):
        raise ArgumentTypeError(f"{text!r} is no time at all: write 90s, 15m, 2h or 1d")
    return float(text[:-1]) * units[text[-1]]


def parse_date(text: str) -> pendulum.DateTime:
    """A day such as 2026-01-31, its midnight in UTC."""
    try:
        return pendulum.from_format(text, "YYYY-MM-DD", tz="UTC")
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no date: write 2026-01-31") from None


def parse_names(text: str) -> List[str]:
    """Names separated by commas, at least one."""
    found = [name.strip() for name in text.split(",") if name.strip()]
    if not found:
        raise ArgumentTypeError("it has no name")
    if twice := [name for name in found if found.count(name) > 1]:
        raise ArgumentTypeError(f"it names {twice[0]} twice")
    return found


def parse_account_name(text: str) -> str:
    """The section of an account: a name in lower case, as it stands in its rows and in toml."""
    if not re.fullmatch(r"[A-Za-z]\w*", text.strip(), re.ASCII):
        raise ArgumentTypeError(
            f"{text!r} is no name of an account: write letters, digits and underscores"
        )
    return text.strip()


def parse_account_names(text: str) -> List[str]:
    """Names of accounts separated by commas, at least one; with wildcards of an accounts file."""
    return [
        name if set(name) & set("*?[") else parse_account_name(name) for name in parse_names(text)
    ]


def parse_name(text: str) -> str:
    """A name that is not empty."""
    if not text.strip():
        raise ArgumentTypeError("it is empty")
    return text.strip()


def parse_dataset(text: str) -> str:
    """The name of a dataset, which dlt does not have to change."""
    name = parse_name(text)
    if not re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII):
        raise ArgumentTypeError(
            f"{name!r} is no name of a dataset: write letters, digits and underscores"
        )
    return name


def parse_parallel(text: str) -> int:
    """A whole number from 1."""
    if not (number := parse_count(text)):
        raise ArgumentTypeError("nothing would be loaded: write a whole number from 1")
    return number


def parse_count(text: str) -> int:
    """A whole number from 0."""
    if not text.isdecimal() or len(text) > 9:
        raise ArgumentTypeError(f"{text!r} is no whole number from 0")
    return int(text)
