"""Dates and times as Amazon's reports write them, parsed exactly or not at all."""

import re
from datetime import datetime, timedelta, timezone, tzinfo
from functools import cache
from typing import Dict, List, NamedTuple, Optional, Pattern, Tuple
from zoneinfo import ZoneInfo

MONTH_NAMES = (
    "January February March April May June July August September October November December"
)
TRANSLATED_MONTHS = """
janv févr mars avr mai juin juil août sept oct nov déc
ene feb mar abr may jun jul ago sept oct nov dic
gen feb mar apr mag giu lug ago set ott nov dic
jan feb mrt apr mei jun jul aug sep okt nov dec
jan feb mars apr maj juni juli aug sep okt nov dec
jan feb mär apr mai juni juli aug sep okt nov dez
sty lut mar kwi maj cze lip sie wrz paź lis gru
oca şub mar nis may haz tem ağu eyl eki kas ara
jan fev mar abr mai jun jul ago set out nov dez
"""
"""As French, Spanish, Italian, Dutch, Swedish, German, Polish, Turkish and Portuguese files have
them; no name means two months."""
MONTHS: Dict[str, int] = {}
for _number, _name in enumerate(MONTH_NAMES.lower().split(), 1):
    MONTHS[_name] = MONTHS[_name[:3]] = _number
for _names in TRANSLATED_MONTHS.split("\n"):
    MONTHS.update((_name, _number) for _number, _name in enumerate(_names.split(), 1))

# minutes east of UTC; where an abbreviation has two meanings, that of Amazon's marketplaces
ZONES: Dict[str, int] = {
    "Z": 0, "UTC": 0, "GMT": 0, "WET": 0,
    "PST": -480, "PDT": -420, "MST": -420, "MDT": -360, "CST": -360, "CDT": -300,
    "EST": -300, "EDT": -240, "BRT": -180,
    "BST": 60, "WEST": 60, "CET": 60, "MET": 60, "CEST": 120, "MEST": 120, "EET": 120, "SAST": 120,
    "EEST": 180, "TRT": 180, "AST": 180, "GST": 240, "IST": 330, "SGT": 480, "JST": 540,
    "AEST": 600, "AEDT": 660,
}  # fmt: skip

DIRECTIVES: Dict[str, str] = {
    "Y": r"(?P<Y>\d{4})",
    "y": r"(?P<y>\d{2})",
    "m": r"(?P<m>\d{1,2})",
    "d": r"(?P<d>\d{1,2})",
    "b": r"(?P<b>[A-Za-zÀ-ž]{3,9})\.?",
    "H": r"(?P<H>\d{1,2})",
    "I": r"(?P<I>\d{1,2})",
    "M": r"(?P<M>\d{2})",
    "S": r"(?P<S>\d{2})",
    "f": r"(?P<f>\d{1,9})",
    "p": r"(?P<p>[AaPp])\.?[Mm]\.?",
    "Z": r"(?P<Z>(?:GMT|UTC)[+-]\d{1,2}(?::\d{2})?|[A-Za-z]{1,5}|[+-]\d{2}(?::?\d{2})?)",
}

ISO = re.compile(
    r"(?P<Y>\d{4})(?P<separator>[-/])(?P<m>\d{2})(?P=separator)(?P<d>\d{2})"
    r"(?:[T ](?P<H>\d{2})(?::(?P<M>\d{2})(?::(?P<S>\d{2})(?:[.,](?P<f>\d{1,9}))?)?)?"
    r" ?(?P<Z>[A-Z]{1,5}|[+-]\d{2}(?::?\d{2})?)?)?",
    re.ASCII,
)

OFFSET = re.compile(r"(?:GMT|UTC)?([+-])(\d{1,2})(?::?(\d{2}))?", re.ASCII)


class ParsedTime(NamedTuple):
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
            assumed: Name of the zone where none is written.
        """
        return self.written.replace(tzinfo=self.zone or ZoneInfo(assumed)).astimezone(timezone.utc)


def parse_time(text: str, formats: Tuple[str, ...]) -> Optional[ParsedTime]:
    """Reads one date or time.

    ISO 8601 is always tried first, also with slashes: a year in front cannot be mistaken for
    anything else. A month comes before
    or after a day only as a format says.

    Args:
        text: Such as `2022-07-11 01:34:18 PDT` or `04/2023`.
        formats: strptime directives %Y %y %m %d %b %H %I %M %S %f %p %Z; %b
            takes English names, short or long, and translated short ones, %Z an abbreviation or an
            offset; a missing day is the first.

    Returns:
        None where no format fits the whole text or the day does not exist.
    """
    text = text.strip()
    for pattern in (ISO, *map(_pattern, formats)):
        if found := pattern.fullmatch(text):
            if moment := _to_parsed_time(found.groupdict()):
                return moment
    return None


@cache
def _pattern(form: str) -> Pattern[str]:
    parts: List[str] = []
    for literal, directive in re.findall(r"([^%]*)(?:%(.))?", form):
        parts.append(re.sub(r"(\\ )+", " +", re.escape(literal)))
        parts.append(DIRECTIVES[directive] if directive else "")
    return re.compile("".join(parts), re.ASCII)


def _to_parsed_time(found: Dict[str, Optional[str]]) -> Optional[ParsedTime]:
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
    zone = _parse_zone(found.get("Z"))
    if found.get("Z") and zone is None:
        return None
    try:
        written = datetime(
            year, month, number("d", 1), hour, number("M", 0), number("S", 0), int(fraction[:6])
        )
        return ParsedTime(written, zone, not fraction[6:].strip("0"))
    except ValueError:
        return None


@cache
def _parse_zone(text: Optional[str]) -> Optional[tzinfo]:
    if not text:
        return None
    if found := OFFSET.fullmatch(text):
        sign, hours, minutes = found.groups()
        offset = (int(hours) * 60 + int(minutes or 0)) * (-1 if sign == "-" else 1)
        return timezone(timedelta(minutes=offset)) if abs(offset) < 1440 else None
    known = ZONES.get(text.upper())
    return None if known is None else timezone(timedelta(minutes=known))


def to_iso(form: str) -> Optional[Tuple[str, str]]:
    r"""A regular expression and a replacement that rewrite a format of digits as ISO 8601.

    With them a whole column is rewritten at once and then cast by Arrow, which is strict about
    ISO dates (its strptime is not: it takes 31.02. for 2 March).

    Args:
        form: As for `parse`.

    Returns:
        Pattern and replacement, RE2; None for a format with names,
        fractions or parts of a year, month and day missing.
    """
    patterns = {"Y": r"\d{4}", "m": r"\d{2}", "d": r"\d{2}", "H": r"\d{2}"}
    patterns.update({"M": r"\d{2}", "S": r"\d{2}", "Z": "UTC"})
    parts: List[str] = []
    order: List[str] = []
    for literal, directive in re.findall(r"([^%]*)(?:%(.))?", form):
        parts.append(re.escape(literal))
        if directive:
            if directive not in patterns:
                return None
            order.append(directive)
            parts.append(f"({patterns[directive]})")
    if not {"Y", "m", "d"} <= set(order):
        return None
    groups = {directive: f"\\{index}" for index, directive in enumerate(order, 1)}
    iso = f"{groups['Y']}-{groups['m']}-{groups['d']}"
    if "H" in groups:
        iso += f"T{groups['H']}:{groups.get('M', '00')}:{groups.get('S', '00')}"
    return f"^{''.join(parts)}$", iso + ("Z" if "Z" in groups else "")
