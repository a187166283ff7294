"""What SQLite, MySQL and MariaDB need besides dlt's defaults; imported where SQLAlchemy is."""

import warnings
from typing import Any, Dict

from dlt.common import json
from dlt.common.destination.typing import PreparedTableSchema
from dlt.common.schema.typing import TColumnSchema
from dlt.destinations.impl.sqlalchemy.type_mapper import MysqlVariantTypeMapper
from sqlalchemy.dialects.mysql import LONGTEXT, VARCHAR
from sqlalchemy.exc import SAWarning
from sqlalchemy.types import String, Text

# of statements that dlt makes for each merge
warnings.filterwarnings("ignore", "(Coercing Subquery|implicitly coercing)", SAWarning)

COLLATION = "utf8mb4_bin"
"""Texts that differ in case or in spaces at their end are different keys."""


class MysqlTypes(MysqlVariantTypeMapper):
    """Texts of any length, compared by their bytes."""

    def db_type_from_text_type(self, column: TColumnSchema, table: PreparedTableSchema) -> Any:
        """The type of a text column; dlt's holds 64 KB, less than its own schema takes."""
        found = super().db_type_from_text_type(column, table)
        if isinstance(found, Text):
            return LONGTEXT(collation=COLLATION)
        return VARCHAR(found.length, collation=COLLATION) if isinstance(found, String) else found


def engine_arguments() -> Dict[str, Any]:
    """Arguments of the engine: json columns may have decimals."""
    return {"json_serializer": json.dumps}
