"""Several accounts in one run: which ones, each in a process of its own, and what came of them."""

import multiprocessing
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from glob import glob
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence

import dlt
import tomlkit
from dlt.common.configuration.exceptions import DuplicateConfigProviderException
from dlt.common.configuration.providers import CustomLoaderDocProvider
from tomlkit.exceptions import TOMLKitError

from ..client.errors import ConfigurationError
from ..common.identifiers import is_identifier
from ..loading.summary import RunSummary
from .account_state import NextRun


@dataclass
class AccountResult:
    """What came of an account.

    Attributes:
        name: Of the account.
        summary: Of its packages together.
        packages: How many were loaded.
        next_run: When the next one is of use.
        error: A sentence, where it ended with an error.
    """

    name: str
    summary: RunSummary = field(default_factory=RunSummary)
    packages: int = 0
    next_run: NextRun = NextRun(None, "now")
    error: str = ""

    @property
    def failed(self) -> bool:
        """True when something was not loaded, or refused."""
        return bool(self.error) or self.summary.failed or self.summary.refused

    @property
    def status(self) -> str:
        """One or two words, and the tables that are incomplete."""
        if self.error:
            return "error"
        if self.summary.failed:
            metrics = self.summary.metrics.items()
            return f"incomplete: {', '.join(sorted(n for n, m in metrics if 'failed' in m))}"
        return self.summary.status

    def __str__(self) -> str:
        """One line."""
        if self.error:
            return f"{self.name}: error: {self.error}"
        warnings = len(self.summary.problems())
        more = f", {warnings} warnings in sync_run__problems" if warnings else ""
        return (
            f"{self.name}: {self.status}, {self.summary.rows.total()} rows,"
            f" {self.summary.calls} calls, {self.packages} packages{more}"
        )


def totals(results: Sequence[AccountResult]) -> str:
    """A table with one line per account and one of all together."""
    width = max(20, *(len(result.name) for result in results))
    head = f"{'account':<{width}} {'packages':>8} {'rows':>10} {'calls':>8} {'waited':>9}  status"
    lines = [head]
    for result in sorted(results, key=lambda result: result.name):
        lines.append(_line(result.name, [result], result.status, width))
    failed = sum(result.failed for result in results)
    status = f"{len(results)} accounts" + (f", {failed} failed" if failed else "")
    return "\n".join([*lines, _line("total", results, status, width)])


def _line(name: str, results: Sequence[AccountResult], status: str, width: int) -> str:
    packages = sum(result.packages for result in results)
    rows = sum(result.summary.rows.total() for result in results)
    calls = sum(result.summary.calls for result in results)
    waited = sum(result.summary.waited for result in results)
    return f"{name:<{width}} {packages:>8} {rows:>10} {calls:>8} {waited:>7.0f} s  {status}"


Say = Callable[[str], Any]
"""Receives a line that an account says while it is loaded."""

Work = Callable[[str, Say], AccountResult]


def load_side_by_side(
    names: Sequence[str], work: Work, parallel: int, say: Say
) -> Iterator[AccountResult]:
    """Loads accounts at the same time, each in a new process; one that dies leaves the others.

    Args:
        work: Loads an account; can be pickled, and raises nothing that is expected.
        parallel: How many at the same time.
        say: Receives the lines of all accounts.

    Yields:
        The results, as they end.
    """
    with ThreadPoolExecutor(parallel) as pool:
        started = [pool.submit(_in_process, name, work, say) for name in names]
        try:
            for future in as_completed(started):
                yield future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _in_process(name: str, work: Work, say: Say) -> AccountResult:
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_send, args=(sender, name, work), name=name)
    process.start()
    sender.close()
    try:
        while not isinstance(message := receiver.recv(), AccountResult):
            say(message)
    except EOFError:
        process.join()
        return AccountResult(name, error=f"its process ended with exit code {process.exitcode}.")
    process.join()
    return message


def _send(sender: "Connection[Any, None]", name: str, work: Work) -> None:
    # who started it may have died; the next run goes on from what is loaded
    with suppress(BrokenPipeError):
        sender.send(work(name, sender.send))
    sender.close()


def choose_accounts(names: Sequence[str], files: Optional[str], default: str) -> List[str]:
    """The accounts to load.

    Args:
        names: Of the command line; with files they may have wildcards.
        files: A path of accounts files, which may have wildcards.
        default: What is loaded when neither is given.

    Raises:
        ConfigurationError: For a name that matches nothing, or comes twice.
    """
    declared = list(register_accounts(files)) if files else []
    chosen: List[str] = []
    for name in names or declared or [default]:
        found = [account for account in declared if fnmatchcase(account, name)] or [name]
        if found == [name] and set(name) & set("*?["):
            raise ConfigurationError(
                f"--accounts names {name!r}, which matches no account of --accounts-file:"
                f" choose from {', '.join(declared) or 'names without wildcards'}."
            )
        chosen += found
    if twice := {name for name in chosen if chosen.count(name) > 1}:
        raise ConfigurationError(
            f"--accounts names {', '.join(sorted(twice))} twice: name it once."
        )
    return chosen


def register_accounts(files: str) -> Dict[str, Any]:
    """The accounts of files by name, whose settings dlt finds from now on.

    A file has a table of settings per account, as it would stand below `sources`. Credentials stay
    where dlt looks for secrets.

    Args:
        files: A path, which may have wildcards.

    Raises:
        ConfigurationError: When there is no such file, or it cannot be read.
    """
    found: Dict[str, Any] = {}
    paths = sorted(glob(files))
    if not paths:
        raise ConfigurationError(f"--accounts-file {files!r} matches no file: write its path.")
    for path in paths:
        try:
            content = tomlkit.parse(Path(path).read_text(encoding="utf-8")).unwrap()
        except (OSError, UnicodeDecodeError, TOMLKitError) as error:
            raise ConfigurationError(f"{path} is no TOML file: {error}.") from None
        for name, settings in content.items():
            _validate_account(path, name, settings)
            if name in found:
                raise ConfigurationError(f"{path} has the account {name!r} again: name it once.")
            found[name] = settings
    if not found:
        raise ConfigurationError(f"{files} has no account: write [seller_na], then its settings.")
    provider = CustomLoaderDocProvider(
        f"accounts of {files}",
        lambda: {"sources": found},
        supports_secrets=False,
        locations=list(map(str, paths)),
    )
    try:
        dlt.config.register_provider(provider)
    except DuplicateConfigProviderException:
        pass
    return found


def _validate_account(path: str, name: str, settings: Any) -> None:
    if not isinstance(settings, dict):
        raise ConfigurationError(
            f"{path} has {name!r} outside of an account: write it below [seller_na], for example."
        )
    if not is_identifier(name) or name != name.lower():
        raise ConfigurationError(
            f"{path} names an account {name!r}: write lower-case letters, digits and underscores."
        )
    if "credentials" in settings:
        raise ConfigurationError(
            f"{path} has credentials of {name}: put them into .dlt/secrets.toml under"
            f" [sources.{name}.credentials], or wherever dlt finds your secrets."
        )
