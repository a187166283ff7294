"""What differs between databases: types, quotes, and functions that the mapping names in capitals.

| in the mapping | what it gives |
|---|---|
| `HAS_TEXT(list, 'text')` | true where a JSON list of texts has one |
| `JSON_TEXT_AT(json, 'a.b')` | the text at a path |
| `MAKE_OBJECT('name', value, …)`, `MAKE_LIST(order, object)` | JSON, the list of a group of rows |
| `MAKE_OBJECT_TEXT('name', value, …)` | a JSON object as text |
| `LOCAL_DAY(timestamp, time zone)` | the date in a time zone |
| `ADD_DAYS(date, number)` | a later date |
| `MONEY_TEXT(amount, currency)` | an amount as Amazon writes it: `20.00`, of yen `2000` |
"""

from dataclasses import dataclass
from functools import cache
from typing import Callable, Dict, Iterator, Mapping, Sequence, Tuple

from sqlglot import exp, parse_one

Resolve = Callable[[exp.Column], exp.Expression]
"""Gives what takes the place of a column."""


@dataclass(frozen=True)
class Dialect:
    """SQL of one kind of database.

    Attributes:
        name: Of sqlglot.
        types: The types that dlt creates columns with, by those of the mapping.
        functions: Templates of the functions above; `two_places` is a number as text.
        casts: Templates by the two types, where a plain CAST does not give the value.
        try_cast: Template of a cast of text that gives NULL where it fails: value and type.
        unnest: Templates of a join with the texts of a JSON list, and of the text: list, name of
            the join, name of the text.
        comments: Templates of the descriptions in `CREATE VIEW`: of a column, name and text, and of
            the view; empty where `COMMENT ON` follows it.
        is_upper: Names without quotes are in capitals.
    """

    name: str
    types: Mapping[str, str]
    functions: Mapping[str, str]
    casts: Mapping[Tuple[str, str], str]
    try_cast: str
    unnest: Tuple[str, str]
    comments: Tuple[str, str] = ("", "")
    is_upper: bool = False

    def quote(self, name: str) -> str:
        """A name in quotes."""
        mark = "`" if self.name in ("bigquery", "databricks") else '"'
        return f"{mark}{self.fold(name)}{mark}"

    def fold(self, name: str) -> str:
        """A name as the database has it."""
        return name.upper() if self.is_upper else name

    def literal(self, text: str) -> str:
        """A text in quotes."""
        return str(exp.Literal.string(text).sql(self.name))

    def create_view(
        self, view: str, query: str, description: str = "", columns: Mapping[str, str] = {}
    ) -> str:
        """The statement that creates or replaces a view, with comments where it takes them.

        Args:
            view: Complete name.
            query: SELECT with all of `columns`.
            description: Of the view.
            columns: All of the view in their order, with their descriptions.
        """
        head = f"CREATE OR REPLACE VIEW {view}"
        if description and self.comments[0]:
            of_column, of_view = self.comments
            listed = ",\n  ".join(
                of_column.format(self.quote(name), self.literal(text))
                for name, text in columns.items()
            )
            head += f" (\n  {listed}\n)\n{of_view.format(self.literal(description))}"
        return f"{head} AS\n{query}"

    def comment_on(self, view: str, description: str, columns: Mapping[str, str]) -> Iterator[str]:
        """The statements that describe a view, where `create_view` does not."""
        if not self.comments[0]:
            yield f"COMMENT ON VIEW {view} IS {self.literal(description)}"
            for name, text in columns.items():
                yield f"COMMENT ON COLUMN {view}.{self.quote(name)} IS {self.literal(text)}"

    def cast(self, value: str, source: str, target: str) -> str:
        """A value as another type, NULL where the text does not fit.

        Args:
            value: An expression.
            source: Its type, empty where it is not known.
            target: The type that it gets.
        """
        if source == target:
            return value
        if template := self.casts.get((source, target)):
            return template.format(value)
        if source == "decimal" and target == "text":
            return self._number_text(value)
        if source == "text":
            return self.try_cast.format(value, self.types[target])
        return f"CAST({value} AS {self.types[target]})"

    def translate(self, tree: exp.Expression, resolve: Resolve) -> str:
        """An expression or a query of the mapping.

        Args:
            tree: Of `parse`.
            resolve: For its columns.
        """
        written: Dict[str, str] = {}
        tree = tree.copy()

        def text_of(node: exp.Expression) -> str:
            text = str(node.sql(self.name))
            for mark, translated in written.items():
                text = text.replace(mark, translated)
            return text

        # arguments come before the functions that take them
        for node in reversed(list(tree.walk())):
            if isinstance(node, exp.Column):
                changed = resolve(node)
            elif isinstance(node, exp.Anonymous):
                # sqlglot would translate the templates, and not always well
                mark = f"__translated_{len(written)}__"
                written[mark] = self._call(node.name, [text_of(part) for part in node.expressions])
                changed = exp.Var(this=mark)
            else:
                continue
            if node is tree:
                return text_of(changed)
            node.replace(changed)
        return text_of(tree)

    def _call(self, name: str, arguments: Sequence[str]) -> str:
        if name == "HAS_TEXT":
            pattern = self.literal(f'%"{arguments[1][1:-1]}"%')
            text = self.cast(arguments[0], "json", "text")
            return f"COALESCE({text} LIKE {pattern}, FALSE)"
        if "NULL" in arguments[0]:
            # of a column that was not loaded; a NULL without a type fits no function
            return "NULL"
        if name == "JSON_TEXT_AT":
            path = arguments[1][1:-1]
            return self.functions[name].format(arguments[0], path)
        if name == "MONEY_TEXT":
            return self._money_text(*arguments)
        if name in ("MAKE_LIST", "LOCAL_DAY", "ADD_DAYS"):
            return self.functions[name].format(*arguments)
        return self.functions[name].format(", ".join(arguments))

    def _number_text(self, value: str) -> str:
        """A number as text without the zeros that its column adds."""
        text = f"CAST({value} AS {self.types['text']})"
        return f"CASE WHEN {text} LIKE '%.%' THEN RTRIM(RTRIM({text}, '0'), '.') ELSE {text} END"

    def _money_text(self, amount: str, currency: str) -> str:
        more_places = f"{currency} = 'JPY' OR {amount} <> ROUND({amount}, 2)"
        two_places = self.functions["two_places"].format(amount)
        return f"CASE WHEN {more_places} THEN {self._number_text(amount)} ELSE {two_places} END"


@cache
def parse(text: str) -> exp.Expression:
    """An expression or a query of the mapping, in DuckDB's SQL; to be copied before a change."""
    tree: exp.Expression = parse_one(text, read="duckdb")  # type: ignore[assignment]
    return tree


DUCKDB = Dialect(
    name="duckdb",
    types={
        "text": "VARCHAR",
        "bigint": "BIGINT",
        "double": "DOUBLE",
        "decimal": "DECIMAL(38, 9)",
        "bool": "BOOLEAN",
        "timestamp": "TIMESTAMP WITH TIME ZONE",
        "datetime": "TIMESTAMP",
        "date": "DATE",
        "json": "JSON",
    },
    functions={
        "JSON_TEXT_AT": "JSON_EXTRACT_STRING({0}, '$.{1}')",
        "MAKE_OBJECT": "JSON_OBJECT({0})",
        "MAKE_OBJECT_TEXT": "CAST(JSON_OBJECT({0}) AS VARCHAR)",
        "MAKE_LIST": "TO_JSON(LIST({1} ORDER BY {0}))",
        "LOCAL_DAY": "CAST({0} AT TIME ZONE {1} AS DATE)",
        "ADD_DAYS": "({0} + {1})",
        "two_places": "CAST(CAST({0} AS DECIMAL(38, 2)) AS VARCHAR)",
    },
    casts={
        ("load_id", "timestamp"): "TO_TIMESTAMP(CAST({0} AS DOUBLE))",
        ("timestamp", "date"): "CAST({0} AT TIME ZONE 'UTC' AS DATE)",
        ("timestamp", "datetime"): "({0} AT TIME ZONE 'UTC')",
        ("timestamp", "text"): "STRFTIME({0} AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%SZ')",
    },
    try_cast="TRY_CAST({0} AS {1})",
    unnest=(
        "CROSS JOIN LATERAL (SELECT UNNEST(JSON_EXTRACT_STRING({0}, '$[*]')) AS {2}) AS {1}",
        "{1}.{2}",
    ),
)

_DAY = "^[0-9]{{4}}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_NUMBER = "^-?[0-9]{{1,28}}([.][0-9]+)?$"
_FITS = "CASE WHEN {{0}} ~ '{}' THEN CAST({{0}} AS {}) END"

POSTGRES = Dialect(
    name="postgres",
    types={**DUCKDB.types, "double": "DOUBLE PRECISION", "json": "JSONB"},
    functions={
        "JSON_TEXT_AT": "({0} #>> STRING_TO_ARRAY('{1}', '.'))",
        "MAKE_OBJECT": "JSONB_BUILD_OBJECT({0})",
        "MAKE_OBJECT_TEXT": "CAST(JSON_BUILD_OBJECT({0}) AS VARCHAR)",
        "MAKE_LIST": "JSONB_AGG({1} ORDER BY {0})",
        "LOCAL_DAY": "CAST({0} AT TIME ZONE {1} AS DATE)",
        "ADD_DAYS": "({0} + {1})",
        "two_places": "CAST(CAST({0} AS DECIMAL(38, 2)) AS VARCHAR)",
    },
    casts={
        ("load_id", "timestamp"): "TO_TIMESTAMP(CAST({0} AS DOUBLE PRECISION))",
        ("timestamp", "date"): "CAST({0} AT TIME ZONE 'UTC' AS DATE)",
        ("timestamp", "datetime"): "({0} AT TIME ZONE 'UTC')",
        ("timestamp", "text"): (
            "TO_CHAR({0} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
        ),
        # it has no cast that gives NULL
        ("text", "bigint"): _FITS.format("^-?[0-9]{{1,18}}$", "BIGINT"),
        ("text", "double"): _FITS.format(_NUMBER, "DOUBLE PRECISION"),
        ("text", "decimal"): _FITS.format(_NUMBER, "DECIMAL(38, 9)"),
        ("text", "bool"): _FITS.format("^(true|false)$", "BOOLEAN"),
        ("text", "timestamp"): _FITS.format(_DAY, "TIMESTAMP WITH TIME ZONE"),
        ("text", "datetime"): _FITS.format(_DAY, "TIMESTAMP"),
        ("text", "date"): _FITS.format(_DAY, "DATE"),
    },
    try_cast="CAST({0} AS {1})",
    unnest=(
        "CROSS JOIN LATERAL JSONB_ARRAY_ELEMENTS_TEXT("
        "CASE WHEN JSONB_TYPEOF({0}) = 'array' THEN {0} END) AS {1}({2})",
        "{1}.{2}",
    ),
)

SNOWFLAKE = Dialect(
    name="snowflake",
    types={
        **DUCKDB.types,
        "decimal": "NUMBER(38, 9)",
        "timestamp": "TIMESTAMP_TZ",
        "datetime": "TIMESTAMP_NTZ",
        "json": "VARIANT",
    },
    functions={
        "JSON_TEXT_AT": "CAST(GET_PATH({0}, '{1}') AS VARCHAR)",
        "MAKE_OBJECT": "OBJECT_CONSTRUCT_KEEP_NULL({0})",
        "MAKE_OBJECT_TEXT": "TO_JSON(OBJECT_CONSTRUCT_KEEP_NULL({0}))",
        "MAKE_LIST": "TO_VARIANT(ARRAY_AGG({1}) WITHIN GROUP (ORDER BY {0}))",
        "LOCAL_DAY": "TO_DATE(CONVERT_TIMEZONE({1}, {0}))",
        "ADD_DAYS": "DATEADD(DAY, {1}, {0})",
        "two_places": "CAST(CAST({0} AS NUMBER(38, 2)) AS VARCHAR)",
    },
    casts={
        ("load_id", "timestamp"): "TO_TIMESTAMP_TZ(CAST({0} AS NUMBER(38, 6)) * 1000000, 6)",
        ("timestamp", "date"): "TO_DATE(CONVERT_TIMEZONE('UTC', {0}))",
        ("timestamp", "datetime"): "CAST(CONVERT_TIMEZONE('UTC', {0}) AS TIMESTAMP_NTZ)",
        ("timestamp", "text"): (
            "TO_CHAR(CONVERT_TIMEZONE('UTC', {0}), 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
        ),
        ("json", "text"): "TO_JSON({0})",
        ("text", "json"): "TRY_PARSE_JSON({0})",
    },
    try_cast="TRY_CAST({0} AS {1})",
    unnest=(", LATERAL FLATTEN(INPUT => {0}) AS {1}", 'CAST({1}."VALUE" AS VARCHAR)'),
    comments=("{} COMMENT {}", "COMMENT = {}"),
    is_upper=True,
)

BIGQUERY = Dialect(
    name="bigquery",
    types={
        "text": "STRING",
        "bigint": "INT64",
        "double": "FLOAT64",
        "decimal": "NUMERIC",
        "bool": "BOOL",
        "timestamp": "TIMESTAMP",
        "datetime": "DATETIME",
        "date": "DATE",
        "json": "JSON",
    },
    functions={
        "JSON_TEXT_AT": "JSON_VALUE({0}, '$.{1}')",
        "MAKE_OBJECT": "JSON_OBJECT({0})",
        "MAKE_OBJECT_TEXT": "TO_JSON_STRING(JSON_OBJECT({0}))",
        "MAKE_LIST": "TO_JSON(ARRAY_AGG({1} ORDER BY {0}))",
        "LOCAL_DAY": "DATE({0}, {1})",
        "ADD_DAYS": "DATE_ADD({0}, INTERVAL {1} DAY)",
        "two_places": "FORMAT('%.2f', {0})",
    },
    casts={
        ("load_id", "timestamp"): (
            "TIMESTAMP_MICROS(CAST(CAST({0} AS NUMERIC) * 1000000 AS INT64))"
        ),
        ("timestamp", "date"): "DATE({0}, 'UTC')",
        ("timestamp", "datetime"): "DATETIME({0}, 'UTC')",
        ("timestamp", "text"): "FORMAT_TIMESTAMP('%Y-%m-%dT%H:%M:%SZ', {0}, 'UTC')",
        ("json", "text"): "TO_JSON_STRING({0})",
        ("text", "json"): "SAFE.PARSE_JSON({0})",
    },
    try_cast="SAFE_CAST({0} AS {1})",
    unnest=("CROSS JOIN UNNEST(JSON_VALUE_ARRAY({0})) AS {2}", "{2}"),
    comments=("{} OPTIONS (description = {})", "OPTIONS (description = {})"),
)

_UTC = "TO_UTC_TIMESTAMP({0}, CURRENT_TIMEZONE())"

DATABRICKS = Dialect(
    name="databricks",
    types={
        "text": "STRING",
        "bigint": "BIGINT",
        "double": "DOUBLE",
        "decimal": "DECIMAL(38, 9)",
        "bool": "BOOLEAN",
        "timestamp": "TIMESTAMP",
        "datetime": "TIMESTAMP_NTZ",
        "date": "DATE",
        "json": "STRING",
    },
    functions={
        "JSON_TEXT_AT": "GET_JSON_OBJECT({0}, '$.{1}')",
        "MAKE_OBJECT": "NAMED_STRUCT({0})",
        "MAKE_OBJECT_TEXT": "TO_JSON(NAMED_STRUCT({0}))",
        "MAKE_LIST": (
            "TO_JSON(TRANSFORM(ARRAY_SORT(COLLECT_LIST("
            "NAMED_STRUCT('position', {0}, 'item', {1}))), x -> x.item))"
        ),
        "LOCAL_DAY": f"CAST(FROM_UTC_TIMESTAMP({_UTC}, {{1}}) AS DATE)",
        "ADD_DAYS": "DATE_ADD({0}, {1})",
        "two_places": "CAST(CAST({0} AS DECIMAL(38, 2)) AS STRING)",
    },
    casts={
        ("load_id", "timestamp"): (
            "TIMESTAMP_MICROS(CAST(CAST({0} AS DECIMAL(38, 6)) * 1000000 AS BIGINT))"
        ),
        ("timestamp", "date"): f"CAST({_UTC} AS DATE)",
        ("timestamp", "datetime"): f"CAST({_UTC} AS TIMESTAMP_NTZ)",
        ("timestamp", "text"): f"DATE_FORMAT({_UTC}, \"yyyy-MM-dd'T'HH:mm:ss'Z'\")",
        ("json", "text"): "{0}",
        ("text", "json"): "{0}",
    },
    try_cast="TRY_CAST({0} AS {1})",
    unnest=("LATERAL VIEW EXPLODE(FROM_JSON({0}, 'ARRAY<STRING>')) {1} AS {2}", "{1}.{2}"),
    comments=("{} COMMENT {}", "COMMENT {}"),
)

DIALECTS: Dict[str, Dialect] = {
    dialect.name: dialect for dialect in (DUCKDB, POSTGRES, SNOWFLAKE, BIGQUERY, DATABRICKS)
}
"""By sqlglot's name, which dlt's destinations know too."""
