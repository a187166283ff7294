"""Secrets stay where the user put them, whatever is run and however it ends."""

import base64
import gzip
import io
import logging
import pickle
import tempfile
import zlib
from pathlib import Path
from typing import Any, Dict, Iterator, List
from urllib.parse import quote, quote_plus

import dlt
import pytest
import tomlkit
from dlt.common import pendulum
from dlt.pipeline.exceptions import PipelineStepFailed

from amazon_selling_partner import amazon_selling_partner
from amazon_selling_partner.client.errors import ConfigurationError
from amazon_selling_partner.commands.cli import main
from sp_api_simulator import Simulator
from tests.support import dataset, rows

SALT = "a-salt-nobody-guesses"
PASSWORD = "pass-word-of-a-proxy"


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator(orders_per_day=3, days=2, quota_factor=1000, products=3) as simulator:
        simulator.reports.queue_seconds = simulator.reports.processing_seconds = 0
        end = int(pendulum.now().subtract(days=1).timestamp() * 1000)
        simulator.reports.generate("GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2", end - 10**8, end)
        yield simulator


def settings_of(sim: Simulator, **credentials: str) -> Dict[str, Any]:
    return {
        "credentials": {**sim.credentials, **credentials},
        "hash_salt": SALT,
        "hashed": ["orders.order_id"],
        "include_pii": True,
        "api_url": sim.url,
        "token_url": sim.token_url,
        "modules": ["ORDERS", "REPORTS"],
    }


def write(path: Path, sections: Dict[str, Any]) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(tomlkit.dumps({"sources": sections}))
    dlt.current.run_context().reload()


def secrets_of(sim: Simulator) -> List[str]:
    """Every secret that was given to the source, or that the server gave it."""
    return [
        *(sim.credentials[name] for name in ("client_secret", "refresh_token")),
        *(SALT, PASSWORD, *sim.auth._grants, *sim.auth._codes, "X-Amz-Expires=300"),
    ]


def contents(folder: Path) -> Iterator[tuple[str, bytes]]:
    """What the files of a folder hold, unpacked; but secrets.toml."""
    for path in folder.rglob("*"):
        if path.is_file() and path.name != "secrets.toml":
            data = path.read_bytes()
            yield str(path), data
            if data[:2] == b"\x1f\x8b":
                yield str(path), gzip.decompress(data)
            if path.name == "trace.pickle":
                # numbers and texts of a pickle are plain, its objects may be nested deep
                yield str(path), str(pickle.loads(data).asdict()).encode()


def leaks(secrets: List[str], places: Iterator[tuple[str, bytes]]) -> List[str]:
    """Where a secret stands, in any of its spellings."""
    found = []
    for place, data in places:
        for secret in secrets:
            encoded = base64.b64encode(secret.encode()).strip(b"=")[:-1]
            spellings = {secret.encode(), quote(secret).encode(), quote_plus(secret).encode()}
            if any(spelling in data for spelling in (*spellings, encoded)):
                found.append(f"{secret} in {place}")
    return found


def printed_trace(pipeline: dlt.Pipeline) -> str:
    """What `dlt pipeline <name> trace` and its verbose forms print."""
    trace = pipeline.last_trace
    return "\n".join(trace.asstr(verbosity) for verbosity in range(3)) if trace else ""


def test_no_secret_is_left_behind(
    sim: Simulator, workplace: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> None:
    (workplace / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(workplace / "tmp"))
    monkeypatch.setenv("RUNTIME__LOG_LEVEL", "DEBUG")
    everything = io.StringIO()
    handler = logging.StreamHandler(everything)
    logging.getLogger().addHandler(handler)
    levels = {name: logging.getLogger(name).level for name in ("", "dlt", "urllib3")}
    for name in levels:
        logging.getLogger(name).setLevel(logging.DEBUG)
    texts: List[str] = []
    settings = workplace / ".dlt" / "secrets.toml"
    tables = "--tables=orders,order_metrics,settlement_report,report_run"
    try:
        good = settings_of(sim)
        wrong = settings_of(sim, client_secret="amzn1.oa2-cs.v1.wrong-one")
        proxied = {**good, "api_url": f"https://me:{PASSWORD}@proxy.example.com"}
        sections = {"amazon_selling_partner": good, "wrong": wrong, "proxied": proxied}
        write(settings, sections)
        since = "--since=" + pendulum.now().subtract(days=3).to_date_string()
        assert main(["run", since, "--for=1s", tables]) == 0
        assert main(["check"]) in (0, 1)
        assert main(["estimate"]) == 0
        for account in ("wrong", "proxied"):
            assert main(["run", "--accounts", account, tables]) == 2
            assert main(["check", "--account", account]) == 2
        sim.faults.add("status", "getReportDocument", status=403, times=1)
        assert main(["resync", since, "--for=1s", tables]) == 1
        code = sim.auth.authorize(sim.account)
        assert main(["authorize", "--code", code]) == 0
        write(settings, sections)

        pipeline = dlt.pipeline("plain", destination="duckdb", dataset_name="plain_data")
        source = amazon_selling_partner().with_resources("orders", "order_metrics")
        pipeline.run(source)
        texts += [printed_trace(pipeline), repr(source), repr(pipeline.last_trace.asdict())]
        assert rows(pipeline, "orders")
        sim.auth.expire_access_tokens()
        with pytest.raises(PipelineStepFailed) as failed:
            make = amazon_selling_partner.clone(name="wrong", section="wrong")
            pipeline.run(make().with_resources("orders"))
        texts += [str(failed.value), repr(failed.value), printed_trace(pipeline)]
        with pytest.raises(ConfigurationError) as refused:
            amazon_selling_partner.clone(name="proxied", section="proxied")()
        texts += [str(refused.value)]
        pipeline.run([{"a": 1}], table_name="other")
        texts += [printed_trace(pipeline)]
        texts += [str(dataset(pipeline)), pipeline.default_schema.to_pretty_yaml()]
        states = rows(pipeline, "_dlt_pipeline_state")
        texts += [zlib.decompress(base64.b64decode(row["state"])).decode() for row in states]
        assert states and (workplace / "dlt" / "pipelines" / "plain" / "trace.pickle").exists()
    finally:
        logging.getLogger().removeHandler(handler)
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
        settings.unlink()
        dlt.current.run_context().reload()
    printed = capfd.readouterr()
    texts += [printed.out, printed.err, everything.getvalue()]
    assert "GET /orders" in everything.getvalue(), "the logs of urllib3 were not read"
    assert len(sim.auth._grants) >= 4 and sim.requests.of("downloadDocument")
    places = [*contents(workplace), *((f"text {n}", t.encode()) for n, t in enumerate(texts))]
    assert len(places) > 30
    secrets = [*secrets_of(sim), "amzn1.oa2-cs.v1.wrong-one", code]
    assert leaks(secrets, iter(places)) == []
