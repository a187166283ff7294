"""`status`: how far an account is, from its state and its dataset, without any call."""

import os
from pathlib import Path
from typing import Any, Dict, Iterator

import dlt
import pytest
from dlt.common import pendulum

from amazon_selling_partner.client.credentials import SellingPartnerCredentials
from amazon_selling_partner.commands.cli import main
from amazon_selling_partner.commands.row_counts import RowCounter, count_rows, root_tables
from amazon_selling_partner.commands.status import account_status
from amazon_selling_partner.loading.summary import TableCount
from sp_api_simulator import Simulator
from tests.support import source_of

ACCOUNT = "amazon_selling_partner"


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator(orders_per_day=4, days=3, quota_factor=1000, products=6) as simulator:
        yield simulator


def set_environment(sim: Simulator, monkeypatch: pytest.MonkeyPatch, section: str) -> None:
    values = {f"CREDENTIALS__{name.upper()}": value for name, value in sim.credentials.items()}
    values.update(API_URL=sim.url, TOKEN_URL=sim.token_url, MODULES='["ORDERS"]')
    for name, value in values.items():
        monkeypatch.setenv(f"SOURCES__{section.upper()}__{name}", value)


def test_status_of_accounts_makes_no_call(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    set_environment(sim, monkeypatch, "seller_a")
    created = pendulum.now("UTC").subtract(days=100).to_date_string()
    monkeypatch.setenv("SOURCES__SELLER_A__CREDENTIALS__CLIENT_SECRET_CREATED", created)
    monkeypatch.setenv("SOURCES__SELLER_A__CREDENTIALS__AUTHORIZED_ON", "2020-01-31")
    since = pendulum.now("UTC").subtract(days=10).to_date_string()
    assert main(["run", "--accounts", "seller_a", "--since", since, "--tables", "orders"]) == 0
    text = capsys.readouterr().out
    assert "seller_a: complete" in text and "\nORDERS " in text
    sim.requests.clear()
    assert main(["status", "--accounts", "seller_a,seller_b"]) == 0
    first, second = capsys.readouterr().out.split("\n\nseller_b: ")
    assert len(sim.requests) == 0
    assert "last package: " in first and "complete" in first
    assert "client secret: expires " in first and "in 79 days" in first
    assert "authorization: has expired on 2021-01-30" in first
    (line,) = [line for line in first.splitlines() if line.startswith("  orders ")]
    name, number, start, *rest = line.split()
    assert int(number) > 8 and start == since
    assert "nothing is loaded yet" in second and "no credentials" in second
    # one account, which was loaded on another machine
    monkeypatch.setenv("DLT_DATA_DIR", os.environ["DLT_DATA_DIR"] + "_2")
    assert main(["status", "--account", "seller_a"]) == 0
    assert line in capsys.readouterr().out


def test_rows_are_counted_before_and_after_a_load(make_pipeline: Any, destination: str) -> None:
    pipeline, schema = make_pipeline(destination), dlt.Schema("acct1")

    def run(account: str, *ids: int, deleted: int = 0) -> None:
        rows = [{"selling_partner": account, "id": id, "parts": [1, 2]} for id in ids]
        if deleted:
            rows.append({"selling_partner": account, "id": deleted, "removed": True})
        pipeline.run(
            rows,
            table_name="items",
            primary_key=("selling_partner", "id"),
            write_disposition="merge",
            columns={"removed": {"data_type": "bool", "hard_delete": True}},
            schema=schema,
        )

    run("acct2", 1, 2)
    counter = RowCounter(pipeline, "acct1")
    run("acct1", 1, 2, 3)
    assert counter.take() == {"items": TableCount(before=0, now=3, loaded=3)}
    run("acct1", 3, 4)
    run("acct1", 4, 5)
    found = counter.take()["items"]
    assert found == TableCount(before=3, now=5, loaded=3)
    assert (found.new, found.rewritten, found.deleted) == (2, 1, 0)
    run("acct1", deleted=5)
    assert counter.take()["items"].deleted == 1
    assert counter.take() == {}
    assert root_tables(pipeline) == ["items"]
    assert count_rows(pipeline, "acct2", ["items", "unknown"])["items"].now == 2


def test_a_dataset_that_cannot_be_read_leaves_the_state(sim: Simulator, workplace: Path) -> None:
    pipeline = dlt.pipeline("broken", destination="duckdb", dataset_name="d")
    pipeline.run(source_of(sim).with_resources("orders"))
    (workplace / "broken.duckdb").write_bytes(b"no database")
    status = account_status(
        pipeline, ACCOUNT, SellingPartnerCredentials(**sim.credentials), pendulum.now("UTC")
    )
    assert "cannot be read now" in status.warning
    found: Dict[str, Any] = {table.table: table for table in status.tables}
    assert found["orders"].rows is None and found["orders"].progress.end is not None
