"""Mistakes with a destination are one sentence that says how to fix them."""

import errno
import os
from pathlib import Path
from typing import List, Optional
from unittest.mock import Mock

import pytest
from dlt.destinations.exceptions import DatabaseTransientException
from dlt.pipeline.exceptions import PipelineStepFailed

from amazon_selling_partner.commands.cli import main
from amazon_selling_partner.commands.messages import user_message

POSTGRES = "DESTINATION__POSTGRES__CREDENTIALS"


@pytest.mark.parametrize(
    "name, credentials, sentences",
    [
        (
            "postgres",
            None,
            [
                "postgres needs database, password, username, host: put them into",
                ".dlt/secrets.toml under [destination.postgres.credentials]",
                POSTGRES,
            ],
        ),
        ("postgers", None, ["--destination names 'postgers', which dlt does not have", "postgres"]),
        (
            "postgres",
            "postgresql://a:secret@127.0.0.1:1/x",
            ["the destination cannot be reached", "Connection refused", "Check that it runs"],
        ),
        ("postgres", "secret", ["postgresql://username:password@host:port/database"]),
    ],
)
@pytest.mark.parametrize("command", ["status", "run"])
def test_a_mistake_with_the_destination_is_one_sentence(
    command: str,
    name: str,
    credentials: Optional[str],
    sentences: List[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    pytest.importorskip("psycopg2")
    monkeypatch.delenv(POSTGRES)
    for field in ("CLIENT_ID", "CLIENT_SECRET", "REFRESH_TOKEN"):
        monkeypatch.setenv(f"SOURCES__AMAZON_SELLING_PARTNER__CREDENTIALS__{field}", "a")
    if credentials:
        monkeypatch.setenv(POSTGRES, credentials)
    assert main([command, "--destination", name]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and error.count("\n") == 1, error
    assert all(sentence in error for sentence in sentences), error
    assert "secret@" not in error


def test_a_file_that_is_no_database_is_one_sentence(
    workplace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (workplace / "selling_partner.duckdb").mkdir()
    assert main(["status"]) == 2
    error = capsys.readouterr().err
    assert "the destination cannot be reached" in error and "Is a directory" in error


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "job.jsonl"),
        DatabaseTransientException(Exception('could not extend file "base/1": check free space')),
    ],
)
def test_a_full_disk_is_one_sentence(error: Exception) -> None:
    sentence = user_message(PipelineStepFailed(Mock(), "load", "1", error)) or ""
    assert sentence.startswith("the disk is full: ") and "run again" in sentence
