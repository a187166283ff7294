"""Query parameters as an operation declares them, checked as Amazon does."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Callable, Mapping, Optional, Sequence

from .errors import invalid
from .times import parse


@dataclass(frozen=True)
class Parameter:
    """One query parameter; see `text`, `number`, `time`, `day`, `flag` and `string_list`.

    Attributes:
        name: As Amazon spells it.
        parse: Parses a single value; raises ValueError when it cannot.
        one_of: The values allowed; empty for any.
        minimum: Smallest number, or fewest values of a list.
        maximum: Largest number, or most values of a list.
        default: The value without it in the request.
        is_list: Values are separated by commas.
        repeats: The parameter may be repeated, once per value (`multi` in the models).
        kind: The model's type: `string`, `integer`, `boolean`, `array`.
    """

    name: str
    parse: Callable[[str], Any]
    required: bool = False
    one_of: tuple[str, ...] = ()
    minimum: Optional[int] = None
    maximum: Optional[int] = None
    default: Any = None
    is_list: bool = False
    repeats: bool = False
    kind: str = "string"

    def value(self, raw: str) -> Any:
        """Parses what a request sends.

        Raises:
            ApiError: 400 InvalidInput naming the parameter.
        """
        if self.is_list:
            values = [self._parse(part) for part in raw.split(",")]
            self._check_limits(len(values), "values")
            return values
        value = self._parse(raw)
        if self.kind == "integer":
            self._check_limits(value, "")
        return value

    def _parse(self, raw: str) -> Any:
        try:
            value = self.parse(raw)
        except (ValueError, OverflowError):
            raise invalid(f"Value '{raw}' of parameter {self.name} is invalid.") from None
        if raw == "" or (self.one_of and raw not in self.one_of):
            allowed = f" It must be one of {', '.join(self.one_of)}." if self.one_of else ""
            raise invalid(f"Value '{raw}' of parameter {self.name} is invalid.{allowed}")
        return value

    def _check_limits(self, value: int, unit: str) -> None:
        low, high = self.minimum, self.maximum
        if (low is not None and value < low) or (high is not None and value > high):
            limits = f"between {low} and {high} {unit}".strip()
            raise invalid(f"Parameter {self.name} must be {limits}, not {value}.")


def text(
    name: str, required: bool = False, one_of: Sequence[str] = (), default: Optional[str] = None
) -> Parameter:
    """A string."""
    return Parameter(name, str, required, tuple(one_of), default=default)


def number(
    name: str,
    minimum: Optional[int] = None,
    maximum: Optional[int] = None,
    required: bool = False,
    default: Optional[int] = None,
) -> Parameter:
    """An integer."""
    return Parameter(name, _integer, required, (), minimum, maximum, default, kind="integer")


def time(name: str, required: bool = False) -> Parameter:
    """A date-time with an offset; the handler gets an aware `datetime`."""
    return Parameter(name, parse, required)


def day(name: str, required: bool = False) -> Parameter:
    """A date; the handler gets a `date`."""
    return Parameter(name, date.fromisoformat, required)


def flag(name: str, required: bool = False, default: Optional[bool] = None) -> Parameter:
    """`true` or `false`."""
    return Parameter(name, _boolean, required, default=default, kind="boolean")


def string_list(
    name: str,
    required: bool = False,
    one_of: Sequence[str] = (),
    maximum: Optional[int] = None,
    repeats: bool = False,
) -> Parameter:
    """A list of strings, separated by commas (or, with `repeats`, in one parameter each)."""
    return Parameter(
        name,
        str,
        required,
        tuple(one_of),
        minimum=1 if maximum else None,
        maximum=maximum,
        is_list=True,
        repeats=repeats,
        kind="array",
    )


def read_query(
    declared: Sequence[Parameter], query: Sequence[tuple[str, str]], strict: bool = True
) -> tuple[dict[str, Any], dict[str, str]]:
    """Checks and parses a query string.

    Args:
        strict: Reject what Amazon ignores: unknown names, and a list given value by
            value where the model wants commas.

    Returns:
        Values by name (every declared parameter is a key),
        and the raw text of those sent.

    Raises:
        ApiError: 400 InvalidInput naming the first parameter that is wrong.
    """
    known = {parameter.name: parameter for parameter in declared}
    sent: dict[str, str] = {}
    for name, raw in query:
        if name not in known:
            if strict:
                raise invalid(f"Parameter {name} is not a parameter of this operation.")
            continue
        if name in sent and not (known[name].repeats or (known[name].is_list and not strict)):
            raise invalid(f"Parameter {name} is given more than once.")
        sent[name] = f"{sent[name]},{raw}" if name in sent else raw
    values: dict[str, Any] = {}
    for name, parameter in known.items():
        if name in sent:
            values[name] = parameter.value(sent[name])
        elif parameter.required:
            raise invalid(f"Missing required parameter {name}.")
        else:
            values[name] = parameter.default
    return values, sent


def exactly_one(values: Mapping[str, Any], *names: str) -> str:
    """The name of the parameter that is given, of several that exclude each other.

    Raises:
        ApiError: 400 when none or several are given.
    """
    given = [name for name in names if values[name] is not None]
    if len(given) != 1:
        raise invalid(f"Exactly one of {' and '.join(names)} must be provided.")
    return given[0]


def not_together(values: Mapping[str, Any], name: str, *others: str) -> None:
    """Rejects parameters that exclude another one that is given.

    Raises:
        ApiError: 400 naming both.
    """
    for other in others:
        if values[name] is not None and values[other] is not None:
            raise invalid(f"Parameter {other} may not be provided together with {name}.")


def _integer(raw: str) -> int:
    if not raw.lstrip("-").isdecimal():
        raise ValueError(raw)
    return int(raw)


def _boolean(raw: str) -> bool:
    if raw not in ("true", "false"):
        raise ValueError(raw)
    return raw == "true"
