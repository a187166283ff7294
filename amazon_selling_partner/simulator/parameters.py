"""Query parameters as an operation declares them, checked as Amazon checks them."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Callable, Mapping, Optional, Sequence

from .errors import invalid
from .times import parse


@dataclass(frozen=True)
class Parameter:
    """One query parameter. Made by `text`, `number`, `time`, `day`, `flag` and `several`.

    Attributes:
        name (str): As Amazon spells it.
        read (Callable[[str], Any]): Reads one value; raises ValueError when it cannot.
        required (bool): A request without it is refused.
        one_of (tuple[str, ...]): The values allowed; empty for any.
        minimum (Optional[int]): Smallest number, or fewest values of a list.
        maximum (Optional[int]): Largest number, or most values of a list.
        default (Any): The value without it in the request.
        is_list (bool): Values are separated by commas.
        repeats (bool): The parameter may be given once for each value (`multi` in the models).
        kind (str): The model's type: `string`, `integer`, `boolean`, `array`.
    """

    name: str
    read: Callable[[str], Any]
    required: bool = False
    one_of: tuple[str, ...] = ()
    minimum: Optional[int] = None
    maximum: Optional[int] = None
    default: Any = None
    is_list: bool = False
    repeats: bool = False
    kind: str = "string"

    def value(self, raw: str) -> Any:
        """Reads what a request sends.

        Raises:
            ApiError: 400 InvalidInput naming the parameter.
        """
        if self.is_list:
            values = [self._one(part) for part in raw.split(",")]
            self._within(len(values), "values")
            return values
        value = self._one(raw)
        if self.kind == "integer":
            self._within(value, "")
        return value

    def _one(self, raw: str) -> Any:
        try:
            value = self.read(raw)
        except (ValueError, OverflowError):
            raise invalid(f"Value '{raw}' of parameter {self.name} is invalid.") from None
        if raw == "" or (self.one_of and raw not in self.one_of):
            allowed = f" It must be one of {', '.join(self.one_of)}." if self.one_of else ""
            raise invalid(f"Value '{raw}' of parameter {self.name} is invalid.{allowed}")
        return value

    def _within(self, value: int, unit: str) -> None:
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
    """A whole number."""
    return Parameter(name, _whole, required, (), minimum, maximum, default, kind="integer")


def time(name: str, required: bool = False) -> Parameter:
    """A date-time with an offset; the handler gets an aware `datetime`."""
    return Parameter(name, parse, required)


def day(name: str, required: bool = False) -> Parameter:
    """A date; the handler gets a `date`."""
    return Parameter(name, date.fromisoformat, required)


def flag(name: str, required: bool = False, default: Optional[bool] = None) -> Parameter:
    """`true` or `false`."""
    return Parameter(name, _truth, required, default=default, kind="boolean")


def several(
    name: str,
    required: bool = False,
    one_of: Sequence[str] = (),
    maximum: Optional[int] = None,
    repeats: bool = False,
) -> Parameter:
    """Strings separated by commas (or, with `repeats`, in one parameter each); gives a list."""
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
    """Checks and reads a query string.

    Args:
        declared (Sequence[Parameter]): What the operation takes.
        query (Sequence[tuple[str, str]]): Decoded pairs, as sent.
        strict (bool): Refuse what Amazon passes over: unknown names, and a list given value by
            value where the model wants commas.

    Returns:
        tuple[dict[str, Any], dict[str, str]]: Values by name (every declared parameter is a key),
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
    """The one of several parameters that is given.

    Raises:
        ApiError: 400 when none or several are.
    """
    given = [name for name in names if values[name] is not None]
    if len(given) != 1:
        raise invalid(f"Exactly one of {' and '.join(names)} must be provided.")
    return given[0]


def not_together(values: Mapping[str, Any], name: str, *others: str) -> None:
    """Refuses parameters that exclude another that is given.

    Raises:
        ApiError: 400 naming both.
    """
    for other in others:
        if values[name] is not None and values[other] is not None:
            raise invalid(f"Parameter {other} may not be provided together with {name}.")


def _whole(raw: str) -> int:
    if not raw.lstrip("-").isdecimal():
        raise ValueError(raw)
    return int(raw)


def _truth(raw: str) -> bool:
    return {"true": True, "false": False}[raw] if raw in ("true", "false") else _refuse(raw)


def _refuse(raw: str) -> bool:
    raise ValueError(raw)
