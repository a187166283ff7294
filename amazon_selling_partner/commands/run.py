"""The commands `run` and `resync`: accounts are loaded, and what came of it is printed."""

import argparse
import sys
import traceback
from functools import partial
from typing import Any, Callable

from dlt.common import logger, pendulum

from ..client.errors import ConfigurationError
from ..loading.resync import resync
from ..loading.runner import load, load_packages
from ..loading.summary import RunSummary
from .account_state import next_run, source_state
from .accounts import (
    AccountResult,
    choose_accounts,
    load_side_by_side,
    register_accounts,
    totals,
)
from .messages import is_interrupt, user_message
from .pipelines import DEFAULT_ACCOUNT, pipeline_of, source_of
from .progress import progress_of
from .row_counts import RowCounter
from .screen import (
    error_json,
    format_seconds,
    package_json,
    render_failures,
    render_summary,
)

Say = Callable[[str], Any]
"""Receives a line."""


def run(options: argparse.Namespace) -> int:
    """Loads accounts, newest data first, until everything is loaded."""
    names = choose_accounts(options.accounts, options.accounts_file, DEFAULT_ACCOUNT)
    if len(names) == 1:
        return _run_one(names[0], options)
    results = []
    work = partial(load_alone, options=options)
    for result in load_side_by_side(names, work, options.parallel, print_line):
        results.append(result)
        if result.error:
            print(result, file=sys.stderr, flush=True)
            if options.json:
                print_line(error_json(result.name, result.error))
        elif options.quiet:
            _print_failures(result)
        elif not options.json:
            print_line(str(result))
    if not options.json and not options.quiet:
        if options.verbose:
            print(*(f"{_screen(result, True)}\n" for result in results), sep="\n")
        print(totals(results))
    return 1 if any(result.failed for result in results) else 0


def _run_one(name: str, options: argparse.Namespace) -> int:
    try:
        result = load_account(name, options, print_line)
    except Exception as error:
        if options.json and (message := user_message(error)):
            print_line(error_json(name, message))
        raise
    if options.quiet:
        _print_failures(result)
    elif not options.json:
        print(f"\n{_screen(result, options.verbose)}")
    return 1 if result.failed else 0


def load_account(name: str, options: argparse.Namespace, say: Say) -> AccountResult:
    """Loads one account.

    Args:
        name: Section of the settings, and name of the account in its rows.
        options: Of the command line.
        say: Receives a line per package, in JSON where the options say so.
    """
    result = AccountResult(name)
    progress = progress_of(name, options.quiet)
    pipeline = pipeline_of(options, name, progress)
    if options.quiet:
        # what the log warns of is in the summary
        logger.LOGGER.setLevel("CRITICAL")
    counter = RowCounter(pipeline, name)
    target = {
        "pipeline": pipeline.pipeline_name,
        "destination": pipeline.destination.destination_name,
        "dataset": pipeline.dataset_name,
    }

    def make_source(package_time: float) -> Any:
        source = source_of(name, options, package_time=package_time)
        return progress.watch(source) if progress else source

    packages = load_packages(pipeline, make_source, load, options.seconds, options.package)
    for summary in packages:
        summary.counts = counter.take()
        result.summary.add(summary)
        result.packages += 1
        result.next_run = next_run(summary, source_state(pipeline, name), pendulum.now("UTC"))
        if options.json:
            say(package_json(name, result.packages, target, summary, result.next_run))
        elif not options.quiet:
            say(_package_line(name, result.packages, summary))
    return result


def load_alone(name: str, say: Say, options: argparse.Namespace) -> AccountResult:
    """Loads one account of several, in a process of its own; an error is in the result."""
    try:
        if options.accounts_file:
            register_accounts(options.accounts_file)
        return load_account(name, options, say if options.json else lambda line: None)
    except (Exception, KeyboardInterrupt) as error:
        if is_interrupt(error):
            return AccountResult(name, error="stopped; the next run resumes.")
        if (message := user_message(error)) is None:
            traceback.print_exc()
            message = f"{type(error).__name__}, as printed above"
        return AccountResult(name, error=message)


def resync_command(options: argparse.Namespace) -> int:
    """Reads tables again, completely or for a range of dates, without emptying them; then runs."""
    if options.to_date and (options.from_date is None or options.to_date <= options.from_date):
        raise ConfigurationError("--to has to be later than --from, and needs it.")
    if options.from_date and options.from_date > pendulum.now("UTC"):
        raise ConfigurationError("--from lies in the future: write the first day to read again.")
    for name in choose_accounts(options.accounts, options.accounts_file, DEFAULT_ACCOUNT):
        pipeline = pipeline_of(options, name)
        pipeline.sync_destination()
        source = source_of(name, options)
        since, until = options.from_date, options.to_date
        found = resync(pipeline, source.name, source.selected_resources, since, until)
        if not options.json and not options.quiet:
            what = ", ".join(found) or "nothing, as nothing was read"
            print(f"{name}: will be read again: {what}")
    return run(options)


def print_line(line: str) -> None:
    """Prints a line at once."""
    print(line, flush=True)


def _package_line(name: str, number: int, summary: RunSummary) -> str:
    duration = format_seconds((summary.ended - summary.started).total_seconds())
    line = f"Package {number} of {name}: {summary.rows.total():,} rows sent in {duration}"
    if number_left := len(summary.left):
        line += f", {number_left} {'tables have' if number_left > 1 else 'table has'} more to load"
    if summary.next_package_at and summary.next_package_at > summary.ended.add(minutes=1):
        line += f"; the next package begins at {summary.next_package_at.format('HH:mm')} UTC"
    return f"{line}."


def _screen(result: AccountResult, is_verbose: bool) -> str:
    if result.error:
        return str(result)
    screen = render_summary(result.name, result.summary, result.packages, result.next_run)
    return f"{screen}\n\n{result.summary}" if is_verbose else screen


def _print_failures(result: AccountResult) -> None:
    if text := render_failures(result.name, result.summary):
        print(text, file=sys.stderr, flush=True)
