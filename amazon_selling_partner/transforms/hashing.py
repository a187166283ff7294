"""Salted hashes of columns: equal values have equal hashes, and the values are not loaded."""

import hashlib
from typing import Any, Optional

import pyarrow as pa
from dlt.common.configuration import configspec
from dlt.common.configuration.specs import CredentialsConfiguration
from dlt.common.typing import TSecretStrValue

from .value_types import canonical_text, map_column


@configspec
class HashSalt(CredentialsConfiguration):
    """The setting `hash_salt`, a text.

    It is a specification of its own because `dlt init` writes a placeholder for any other secret,
    even an optional one.
    """

    text: Optional[TSecretStrValue] = None

    def parse_native_representation(self, native_value: Any) -> None:
        """Takes the text of the setting."""
        self.text = str(native_value)


class Hasher:
    """Hashes values: SHA-256, in hexadecimal, of the salt followed by the value's text.

    The same value has the same hash in every table and run, so hashed columns still join and keys
    still find their rows. NULL stays NULL.

    Args:
        salt: Secret; without it short values could be found by trying.
    """

    def __init__(self, salt: str) -> None:
        self._salted = hashlib.sha256(salt.encode("utf-8", "surrogatepass"))

    def __call__(self, value: Any, data_type: Optional[str] = None) -> Optional[str]:
        """64 hexadecimal digits.

        Args:
            value: Of any type.
            data_type: The dlt data type its column was declared with, see `canonical_text`.
        """
        if value is None:
            return None
        digest = self._salted.copy()
        digest.update(canonical_text(value, data_type).encode("utf-8", "surrogatepass"))
        return digest.hexdigest()

    def column(self, column: pa.ChunkedArray, data_type: Optional[str] = None) -> pa.ChunkedArray:
        """The hashes of an Arrow column, as text."""
        return map_column(column, lambda value: self(value, data_type), pa.string())
