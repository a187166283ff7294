"""Columns of which only a salted hash leaves the process: still the same wherever values are."""

import hashlib
from typing import Any, Optional

import pyarrow as pa

from .values import mapped, text_of


class Hasher:
    """Hashes values: SHA-256, in hexadecimal, of the salt followed by the value's text.

    The same value has the same hash in every table and every run, so hashed columns still join,
    and keys still find their rows. NULL stays NULL.

    Args:
        salt (str): Kept secret: without it, short values could be found by trying.
    """

    def __init__(self, salt: str) -> None:
        self._salted = hashlib.sha256(salt.encode("utf-8", "surrogatepass"))

    def __call__(self, value: Any, data_type: Optional[str] = None) -> Optional[str]:
        """The hash of a value.

        Args:
            value (Any): Of any type; see `values.text_of`.
            data_type (Optional[str]): dlt data type its column was declared with.

        Returns:
            Optional[str]: 64 hexadecimal digits.
        """
        if value is None:
            return None
        salted = self._salted.copy()
        salted.update(text_of(value, data_type).encode("utf-8", "surrogatepass"))
        return salted.hexdigest()

    def column(self, column: pa.ChunkedArray, data_type: Optional[str] = None) -> pa.ChunkedArray:
        """The hashes of a column of Arrow.

        Args:
            column (pa.ChunkedArray): Of any type.
            data_type (Optional[str]): dlt data type it was declared with.

        Returns:
            pa.ChunkedArray: Text.
        """
        return mapped(column, lambda value: self(value, data_type), pa.string())
