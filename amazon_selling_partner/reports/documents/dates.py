"""Dates and times as Amazon's reports write them, parsed exactly or not at all."""

import re
from datetime import datetime, timedelta, timezone, tzinfo
from functools import cache
from typing import Dict, List, NamedTuple, Optional, Pattern, Tuple
from zoneinfo import ZoneInfo

NAMES = "January February March April May June July August September October November December"
MONTHS: Dict[str, int] = {"sept": 9}
for _number, _name in enumerate(NAMES.lower().split(), 1):
    MONTHS[_name] = MONTHS[_name[:3]] = _number

# minutes east of UTC; where an abbreviation has two meanings, that of Amazon's marketplaces
ZONES: Dict[str, int] = {
    "Z": 0, "UTC": 0, "GMT": 0, "WET": 0,
    "PST": -480, "PDT": -420, "MST": -420, "MDT": -360, "CST": -360, "CDT": -300,
    "EST": -300, "EDT": -240, "BRT": -180,
    "BST": 60, "WEST": 60, "CET": 60, "MET": 60, "CEST": 120, "MEST": 120, "EET": 120, "SAST": 120,
    "EEST": 180, "TRT": 180, "AST": 180, "GST": 240, "IST": 330, "SGT": 480, "JST": 540,
    "AEST": 600, "AEDT": 660,
}  # fmt: skip

PIECES: Dict[str, str] = {
    "Y": r"(?P<Y>\d{4})",
    "y": r"(?P<y>\d{2})",
    "m": r"(?P<m>\d{1,2})",
    "d": r"(?P<d>\d{1,2})",
    "b": r"(?P<b>[A-Za-z]{3,9})\.?",
    "H": r"(?P<H>\d{1,2})",
    "I": r"(?P<I>\d{1,2})",
    "M": r"(?P<M>\d{2})",
    "S": r"(?P<S>\d{2})",
    "f": r"(?P<f>\d{1,9})",
    "p": r"(?P<p>[AaPp])\.?[Mm]\.?",
    "Z": r"(?P<Z>[A-Za-z]{1,5}|[+-]\d{2}(?::?\d{2})?)",
}

ISO = re.compile(
    r"(?P<Y>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})"
    r"(?:[T ](?P<H>\d{2})(?::(?P<M>\d{2})(?::(?P<S>\d{2})(?:[.,](?P<f>\d{1,9}))?)?)?"
    r" ?(?P<Z>[A-Z]{1,5}|[+-]\d{2}(?::?\d{2})?)?)?",
    re.ASCII,
)


class Moment(NamedTuple):
    """A parsed time.

    Attributes:
        written: The wall clock as written, without a zone.
        zone: The zone as written, None where there is none.
        exact: Nothing of the text was left out (False for fractions below a microsecond).
    """

    written: datetime
    zone: Optional[tzinfo]
    exact: bool

    def utc(self, assumed: str) -> datetime:
        """The moment in UTC.

        Args:
            assumed (str): Name of the zone where none is written.
        """
        return self.written.replace(tzinfo=self.zone or ZoneInfo(assumed)).astimezone(timezone.utc)


def parse(text: str, formats: Tuple[str, ...]) -> Optional[Moment]:
    """Reads one date or time.

    ISO 8601 is always tried first: it cannot be mistaken for anything else. A month comes before
    or after a day only as a format says.

    Args:
        text (str): Such as `2022-07-11 01:34:18 PDT` or `04/2023`.
        formats (Tuple[str, ...]): strptime directives %Y %y %m %d %b %H %I %M %S %f %p %Z; %b
            takes English names, short or long, %Z an abbreviation or an offset; a missing day is
            the first.

    Returns:
        Optional[Moment]: None where no format fits the whole text or the day does not exist.
    """
    text = text.strip()
    for pattern in (ISO, *map(_pattern, formats)):
        if found := pattern.fullmatch(text):
            if moment := _moment(found.groupdict()):
                return moment
    return None


@cache
def _pattern(form: str) -> Pattern[str]:
    parts: List[str] = []
    for literal, directive in re.findall(r"([^%]*)(?:%(.))?", form):
        parts.append(re.sub(r"(\\ )+", " +", re.escape(literal)))
        parts.append(PIECES[directive] if directive else "")
    return re.compile("".join(parts), re.ASCII)


def _moment(found: Dict[str, Optional[str]]) -> Optional[Moment]:
    def number(name: str, missing: int) -> int:
        return int(found.get(name) or missing)

    month = number("m", 1)
    if name := found.get("b"):
        if name.lower() not in MONTHS:
            return None
        month = MONTHS[name.lower()]
    hour = number("H", 0)
    if found.get("I"):
        hour = number("I", 0) % 12 + (12 if (found.get("p") or "").lower() == "p" else 0)
    year = number("Y", 0) or 2000 + number("y", 0)
    fraction = (found.get("f") or "").ljust(6, "0")
    zone = _zone(found.get("Z"))
    if found.get("Z") and zone is None:
        return None
    try:
        written = datetime(
            year, month, number("d", 1), hour, number("M", 0), number("S", 0), int(fraction[:6])
        )
        return Moment(written, zone, not fraction[6:].strip("0"))
    except ValueError:
        return None


@cache
def _zone(text: Optional[str]) -> Optional[tzinfo]:
    if not text:
        return None
    if text[0] in "+-":
        digits = text[1:].replace(":", "").ljust(4, "0")
        minutes = (int(digits[:2]) * 60 + int(digits[2:])) * (-1 if text[0] == "-" else 1)
        return timezone(timedelta(minutes=minutes)) if abs(minutes) < 1440 else None
    known = ZONES.get(text.upper())
    return None if known is None else timezone(timedelta(minutes=known))


def to_iso(form: str) -> Optional[Tuple[str, str]]:
    r"""A regular expression and a replacement that rewrite a format of digits as ISO 8601.

    With them a whole column is rewritten at once and then cast by Arrow, which is strict about
    ISO dates (its strptime is not: it takes 31.02. for 2 March).

    Args:
        form (str): As for `parse`.

    Returns:
        Optional[Tuple[str, str]]: Pattern and replacement, RE2; None for a format with names,
        fractions or parts of a year, month and day missing.
    """
    wanted = {"Y": r"\d{4}", "m": r"\d{2}", "d": r"\d{2}", "H": r"\d{2}"}
    wanted.update({"M": r"\d{2}", "S": r"\d{2}", "Z": "UTC"})
    parts: List[str] = []
    order: List[str] = []
    for literal, directive in re.findall(r"([^%]*)(?:%(.))?", form):
        parts.append(re.escape(literal))
        if directive:
            if directive not in wanted:
                return None
            order.append(directive)
            parts.append(f"({wanted[directive]})")
    if not {"Y", "m", "d"} <= set(order):
        return None
    place = {directive: f"\\{index}" for index, directive in enumerate(order, 1)}
    iso = f"{place['Y']}-{place['m']}-{place['d']}"
    if "H" in place:
        iso += f"T{place['H']}:{place.get('M', '00')}:{place.get('S', '00')}"
    return f"^{''.join(parts)}$", iso + ("Z" if "Z" in place else "")
