"""Settings of dlt's extraction that the source needs, where the user has not set them."""

import logging
from contextlib import suppress
from typing import Any, Dict, Set

import dlt
from dlt.common.configuration.exceptions import DuplicateConfigProviderException
from dlt.common.configuration.providers import CustomLoaderDocProvider

from ..dlt_internals import import_pandas
from .shared_dataset import register_staging_datasets

EXTRACT: Dict[str, Any] = {"workers": 32, "max_parallel_items": 64}
"""Tables wait for their quotas in parallel, each in a worker; dlt has five by default."""

_sources: Set[str] = set()
"""Sections of the sources that were made, which are the names of their schemas."""


def prepare_extraction(section: str) -> None:
    """Lets a source extract with more workers than dlt's default, unless the user sets a number.

    Args:
        section: Of the source in the settings, below `sources`.
    """
    provider = CustomLoaderDocProvider(
        f"defaults of {section}",
        lambda: {"sources": {section: {"extract": dict(EXTRACT)}}},
        supports_secrets=False,
        # dlt lists them when a setting is missing
        locations=[],
    )
    import_pandas()
    _sources.add(section)
    logging.getLogger("dlt").addFilter(_is_meaningful)
    # it comes after all other providers
    with suppress(DuplicateConfigProviderException):
        dlt.config.register_provider(provider)
    register_staging_datasets()


def _is_meaningful(record: logging.LogRecord) -> bool:
    """False for what dlt says of json columns that come as Arrow, which has no such type.

    Also for what it says of a bucket before the destination: it adds files there, and merges later.
    """
    message = record.getMessage()
    is_staging = 'only applied when using the "merge" write disposition' in message
    if is_staging and any(f'in schema "{name}"' in message for name in _sources):
        return False
    return "when merging arrow schema with dlt schema" not in message
