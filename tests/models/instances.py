"""Random instances of Amazon's schemas: as sparse, as full and as odd as a schema allows."""

import random
import re
from typing import Any, Callable, Dict, Mapping, Optional, Tuple

from dlt.common import pendulum

MISSING = object()

NEEDED = object()
"""What `pinned` says of a field that has to be there, whatever is in it."""

MINIMAL, FULL, MIXED = "minimal", "full", "mixed"

Pinned = Callable[[str, Tuple[str, ...]], Any]
"""The value that a field has to have, by its name and the names above it; `MISSING` for none."""

SEVERAL = ("offers", "publishRecordList", "responses")
"""Lists that may have several entries of a marketplace."""

DECIMALS = ("Decimal", "BigDecimal")
"""Definitions whose text is a number."""

COUNTS = re.compile(r"Units$|^activeSubscriptions$|^percentage$")
"""Names of fields that count, of which Amazon's SDK says only that they are numbers."""


class Instances:
    """Makes instances of the schemas of one model, the same ones for the same seed.

    Args:
        loaded (Dict[str, Any]): The model.
        seed (str): What they depend on.
        start (pendulum.DateTime): No time is earlier, UTC.
        end (pendulum.DateTime): No time is later, UTC.
        pinned (Pinned): Fields that are not random.
        kind (Optional[str]): `minimal` for what is required only, `full` for all there is, `mixed`.
    """

    def __init__(
        self,
        loaded: Dict[str, Any],
        seed: str,
        start: pendulum.DateTime,
        end: pendulum.DateTime,
        pinned: Pinned = lambda name, above: MISSING,
        kind: Optional[str] = None,
    ) -> None:
        self.loaded = loaded
        self.rng = random.Random(seed)
        self.start, self.end = start, end
        self.pinned = pinned
        self.new = True
        self.kind = kind or self.rng.choice((MINIMAL, FULL, MIXED, MIXED, MIXED))

    def make(self, schema: Mapping[str, Any], path: Tuple[str, ...] = ()) -> Any:
        """An instance of `schema`, at `path` of an answer."""
        return self._make(schema, path, ())

    def _make(
        self, schema: Mapping[str, Any], path: Tuple[str, ...], within: Tuple[str, ...]
    ) -> Any:
        value = self.pinned(path[-1], path[:-1]) if path else MISSING
        if value is not MISSING and value is not NEEDED:
            return value
        if "$ref" in schema:
            name = schema["$ref"].rsplit("/", 1)[1]
            if name in DECIMALS and self.loaded["definitions"][name]["type"] == "string":
                return f"{self._decimal()}"
            return self._make(self.loaded["definitions"][name], path, (*within, name))
        if "allOf" in schema or "properties" in schema or schema.get("type") == "object":
            return self._object(schema, path, within)
        kind = schema.get("type", "string")
        if kind == "array":
            return self._list(schema, path, within)
        if "enum" in schema:
            odd = self.kind == MIXED and kind == "string" and self.rng.random() < 0.04
            return "SOMETHING_NEW" if odd else self.rng.choice(schema["enum"])
        if kind == "boolean":
            return self.rng.random() < 0.5
        if kind in ("integer", "number"):
            return self._number(schema, path)
        return self._text(schema, path)

    def _object(
        self, schema: Mapping[str, Any], path: Tuple[str, ...], within: Tuple[str, ...]
    ) -> Dict[str, Any]:
        made: Dict[str, Any] = {}
        properties, required = parts(self.loaded, schema)
        for name, part in properties.items():
            if name not in required:
                if within.count(str(part.get("$ref")).rsplit("/", 1)[-1]) >= 2:
                    continue
                if self.kind == MINIMAL or (self.kind == MIXED and self.rng.random() < 0.35):
                    if self.pinned(name, path) is MISSING:
                        continue
                elif self.kind == MIXED and self.rng.random() < 0.06:
                    if self.pinned(name, path) is MISSING:
                        made[name] = None
                        continue
            made[name] = self._make(part, (*path, name), within)
        if not properties or "additionalProperties" in schema:
            more = schema.get("additionalProperties")
            for _ in range(self.rng.randrange(3)):
                name = f"free{self.rng.randrange(5)}"
                of = more if isinstance(more, dict) and more else {"type": "string"}
                made[name] = self._make(of, (*path, name), within)
        elif self.kind == MIXED and (self.new or len(path) > 1) and self.rng.random() < 0.05:
            made.update(self._unknown())
        return made

    def _unknown(self) -> Dict[str, Any]:
        """A field no model has: a value, an object, or a list of objects."""
        which = self.rng.randrange(4)
        if which == 0:
            return {"newText": self._word()}
        if which == 1:
            return {"newNumber": self.rng.randrange(10**6, 10**7)}
        if which == 2:
            return {"newPart": {"one": self._word(), "two": {"three": self._word()}}}
        return {"newRows": [{"one": self._word()} for _ in range(self.rng.randrange(3))]}

    def _list(
        self, schema: Mapping[str, Any], path: Tuple[str, ...], within: Tuple[str, ...]
    ) -> Any:
        items = str(schema["items"].get("$ref")).rsplit("/", 1)[-1]
        if within.count(items) >= 2:
            return []
        least = schema.get("minItems", 0)
        most = min(schema.get("maxItems", 3), 3)
        many = least if self.kind == MINIMAL else self.rng.randint(least, max(least, most))
        if self.kind == FULL:
            many = max(1, many)
        made = [self._make(schema["items"], path, within) for _ in range(many)]
        if path and path[-1] not in SEVERAL and all(isinstance(one, dict) for one in made):
            # what is shown by marketplace is shown once for each
            made = list(
                {
                    one.get("marketplaceId") or number: one for number, one in enumerate(made)
                }.values()
            )
        if all(isinstance(one, str) for one in made):
            made = list(dict.fromkeys(made))
        return made

    def _number(self, schema: Mapping[str, Any], path: Tuple[str, ...]) -> Any:
        low, high = schema.get("minimum", -(10**9)), schema.get("maximum", 10**9)
        whole = schema["type"] == "integer" or bool(path and COUNTS.search(path[-1]))
        if whole or self.rng.random() < 0.2:
            if whole and "maximum" not in schema:
                high = 2**53
            return self.rng.randint(int(low) if low > -(10**9) else 0, int(high))
        scale = self.rng.choice((1, 2, 2, 2, 4, 6))
        return round(self.rng.uniform(max(low, -(10**5)), min(high, 10**5)), scale)

    def _decimal(self) -> str:
        digits = self.rng.choice(("{}", "{}.5", "{}.25", "-{}.99", "{}.123456"))
        return digits.format(self.rng.randrange(10**7))

    def _text(self, schema: Mapping[str, Any], path: Tuple[str, ...]) -> str:
        if schema.get("format") == "date" or schema.get("pattern", "").startswith("^([0-9]{4})-"):
            return self._moment().to_date_string()
        named = re.search("(Date|Time|At)$", path[-1] if path else "")
        if schema.get("format") == "date-time" or (named and "maxLength" not in schema):
            return self.time()
        pattern = schema.get("pattern", "")
        if "{2}" in pattern and "@" not in pattern:
            return self.rng.choice(("DE", "US", "NO"))
        if "@" in pattern:
            return f"{self._word()}@example.com"
        word = self._word()
        most = schema.get("maxLength", 10**6)
        if pattern or most < 40:
            word = word.rjust(schema.get("minLength", 0), "0")
            return (word.upper() if "A-Z0-9" in pattern else word)[-most:]
        if schema.get("minLength", 0) == 0 and self.kind == MIXED and self.rng.random() < 0.04:
            return ""
        number = self.rng.randrange(10**9, 10**10)
        return self.rng.choice(
            (
                word,
                word,
                f"{number}",
                f"000{number}",
                f"{number}.50",
                f"Größe «{word}» 日本 😀",
                f'{word}, "quoted"\n\\n\ttab; {{1}} [x] %41 \'s',
                f"{word} {'lorem ipsum ' * 40}"[: min(most, 500)],
            )
        )

    def _word(self) -> str:
        return f"w{self.rng.getrandbits(44):011x}"

    def time(self, moment: Optional[pendulum.DateTime] = None) -> str:
        """A moment as Amazon may write it: with fraction or without, UTC or not."""
        moment = moment or self._moment()
        form = self.rng.randrange(5)
        if form == 0:
            return moment.format("YYYY-MM-DDTHH:mm:ss[Z]")
        if form == 1:
            return moment.format("YYYY-MM-DDTHH:mm:ss.SSS[Z]")
        if form == 2:
            return moment.format("YYYY-MM-DDTHH:mm:ss.SSSSSS[Z]")
        zone = self.rng.choice((2, -7, 5.5))
        return moment.in_timezone(pendulum.FixedTimezone(int(zone * 3600))).isoformat()

    def _moment(self) -> pendulum.DateTime:
        seconds = (self.end - self.start).total_seconds()
        return self.start.add(seconds=self.rng.randrange(int(seconds)))


def parts(
    loaded: Dict[str, Any], schema: Mapping[str, Any]
) -> Tuple[Dict[str, Any], "frozenset[str]"]:
    """The properties of an object and which are required, those of what it is made of among them."""
    while "$ref" in schema:
        schema = loaded["definitions"][schema["$ref"].rsplit("/", 1)[1]]
    properties = dict(schema.get("properties", {}))
    required = frozenset(schema.get("required", ()))
    for part in schema.get("allOf", ()):
        more, needed = parts(loaded, part)
        properties.update(more)
        required |= needed
    return properties, required
