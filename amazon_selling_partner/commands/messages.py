"""What the user reads when a command fails."""

from pathlib import Path
from typing import Any, Iterator, Optional

import dlt
from dlt.common.configuration.exceptions import (
    ConfigFieldMissingException,
    ConfigurationException,
    ConfigValueCannotBeCoercedException,
    LookupTraces,
)
from dlt.common.destination.exceptions import DestinationException, UnknownDestinationModule
from dlt.common.exceptions import MissingDependencyException
from dlt.common.schema.exceptions import InvalidSchemaName
from dlt.destinations import __all__ as DESTINATIONS
from dlt.destinations.exceptions import DestinationConnectionError
from dlt.pipeline.exceptions import PipelineStepFailed

from ..client.errors import (
    AccountLocked,
    ConfigurationError,
    causes_of,
    find_error,
    is_mistake,
    suggest,
)

USER_ERRORS = (
    ConfigurationException,
    DestinationException,
    MissingDependencyException,
    InvalidSchemaName,
    OSError,
    EOFError,
)
"""Errors of dlt and the system whose message says enough without a traceback."""

UNREACHABLE = (
    "Connection refused",
    "could not translate host name",
    "authentication failed",
    "timeout expired",
    "Name or service not known",
    "Can't connect to",
)
"""What drivers of databases say of a server that does not answer, or not to this user."""

NO_SPACE = ("No space left on device", "Disk quota exceeded", "could not extend file")
"""What the system and databases say of a full disk."""

KINDS = {
    list: 'a list, such as ["a", "b"]',
    dict: "a table of names and values",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
}
"""What a setting has to be, by its type."""


def user_message(error: Optional[BaseException]) -> Optional[str]:
    """One sentence for an expected error, None for an unexpected one."""
    if is_interrupt(error):
        return None
    if (known := find_error(error)) is not None:
        return str(known)
    while error is not None:
        if isinstance(error, ConfigValueCannotBeCoercedException):
            kind = KINDS.get(error.hint, f"a {getattr(error.hint, '__name__', error.hint)}")
            return f"{error.field_name} cannot be read: write {kind}."
        # drivers of databases have exceptions of their own
        at_destination = isinstance(error, PipelineStepFailed) and error.step in ("sync", "load")
        if at_destination or isinstance(error, USER_ERRORS):
            error = getattr(error, "exception", None) or error
            if known_mistake := _destination_message(error):
                return known_mistake
            message = " ".join(str(error).split())
            return f"{message[:500] or 'the input ended'} ({type(error).__name__})"
        error = getattr(error, "exception", None) or error.__cause__ or error.__context__
    return None


def _destination_message(error: BaseException) -> Optional[str]:
    """One sentence for the usual mistakes with a destination, and how to fix them."""
    if isinstance(error, UnknownDestinationModule):
        return (
            f"--destination names {error.ref!r}, which dlt does not have:"
            f" {suggest(error.ref, DESTINATIONS)}"
        )
    if isinstance(error, ConfigFieldMissingException):
        name = str(getattr(error.config, "destination_type", "")).rpartition(".")[2]
        fields = ", ".join(dict.fromkeys(_missing_fields(error.traces)))
        return name and (
            f"{name} needs {fields}: put {'it' if ',' not in fields else 'them'} into"
            f" .dlt/secrets.toml under [destination.{name}.credentials], or the connection string"
            f" into the environment variable DESTINATION__{name.upper()}__CREDENTIALS."
        )
    if any(words in str(error) for words in NO_SPACE):
        reason = " ".join(str(error).split())[:300]
        return (
            f"the disk is full: {reason.rstrip('.')}. Make room, here or at the destination, and"
            " run again: what is loaded stays, and the rest follows."
        )
    is_connection = isinstance(error, DestinationConnectionError)
    if is_connection or any(words in str(error) for words in UNREACHABLE):
        reason = " ".join(str(getattr(error, "inner_exc", error)).split())[:300]
        return (
            f"the destination cannot be reached: {reason.rstrip('.')}. Check that it runs, and its"
            " address, user and password in .dlt/secrets.toml under [destination]."
        )
    return None


def _missing_fields(traces: Any) -> Iterator[str]:
    """The fields that are missing, those of a configuration in place of its name."""
    for name, found in traces.items():
        nested = [trace for trace in found if isinstance(trace, LookupTraces)]
        if nested:
            yield from _missing_fields(nested[0].traces)
        else:
            yield str(name)


def is_interrupt(error: Optional[BaseException]) -> bool:
    """True for Ctrl-C, also where dlt has wrapped it."""
    return isinstance(getattr(error, "exception", error), KeyboardInterrupt)


def damaged_pipeline(name: str, error: Exception) -> ConfigurationError:
    """What to do where a file of the pipeline, such as state.json or a schema, cannot be read."""
    folder = Path(dlt.current.run_context().get_data_entity("pipelines")) / name
    return ConfigurationError(
        f"The files of the pipeline in {folder} are damaged ({type(error).__name__}): delete that"
        " folder and run again; progress comes back from the destination."
    )


def has_started(error: BaseException) -> bool:
    """True for an error in the middle of a run; false where it could not start."""
    steps = [cause.step for cause in causes_of(error) if isinstance(cause, PipelineStepFailed)]
    is_step = any(step in ("extract", "normalize", "load") for step in steps)
    return is_step and not is_mistake(error) and not isinstance(find_error(error), AccountLocked)
