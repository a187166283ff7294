"""Answers that Amazon's model allows and the simulator does not give."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Tuple
from urllib.parse import parse_qs, urlsplit

import pytest

from amazon_selling_partner import SellingPartnerCredentials, create_client
from amazon_selling_partner.client import SellingPartnerClient
from amazon_selling_partner.client.errors import Throttled
from amazon_selling_partner.modules.reports import api as calls
from amazon_selling_partner.modules.reports.journal import Journal
from amazon_selling_partner.modules.reports.planning import Plan
from amazon_selling_partner.modules.reports.report import Report
from amazon_selling_partner.modules.reports.runner import ReportRunner
from sp_api_simulator import VirtualClock

from .support import INVENTORY, NOW, REPORTS, RETURNS, US, run_rows

Answer = Tuple[int, Any, Dict[str, str]]
REPORT_PATH = "/reports/2021-06-30/reports"
REFUSED = {"errors": [{"code": "Unauthorized", "message": "Access is denied.", "details": ""}]}
MISSING = {"errors": [{"code": "NotFound", "message": "No such report.", "details": ""}]}


@contextmanager
def api(odd: Callable[[str, str, Dict[str, Any]], Optional[Answer]]) -> Iterator[Any]:
    """A client of a server that makes every report cancelled, but for what `odd` answers."""
    requested: List[Tuple[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

        def do_GET(self) -> None:
            self.reply({name: v[0] for name, v in parse_qs(urlsplit(self.path).query).items()})

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            self.reply(json.loads(raw) if raw.startswith(b"{") else {})

        def reply(self, sent: Dict[str, Any]) -> None:
            path = urlsplit(self.path).path
            requested.append((self.command, path))
            status, body, headers = odd(self.command, path, sent) or usual(self.command, path)
            content = json.dumps(body).encode()
            self.send_response_only(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

    def usual(method: str, path: str) -> Answer:
        if path == "/token":
            return 200, {"access_token": "a", "token_type": "bearer", "expires_in": 3600}, {}
        if method == "POST":
            return 202, {"reportId": str(len(requested))}, {}
        if path == REPORT_PATH:
            return 200, {"reports": []}, {}
        return 200, {"processingStatus": "CANCELLED"}, {}

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    credentials = SellingPartnerCredentials()
    credentials.client_id = credentials.client_secret = credentials.refresh_token = "x"
    url = f"http://127.0.0.1:{server.server_port}"
    clock = VirtualClock(NOW.timestamp())
    try:
        yield create_client(
            credentials, api_url=url, token_url=f"{url}/token", clock=clock
        ), requested
    finally:
        server.shutdown()
        server.server_close()


def runner(client: SellingPartnerClient, reports: Sequence[Report]) -> ReportRunner:
    states: Dict[str, Any] = {}
    plan = Plan(reports, [US], NOW.subtract(days=1), 7200)
    return ReportRunner(client, plan, lambda name: states.setdefault(name, {}), {}, Journal(None))


@pytest.mark.parametrize(
    "headers,wait",
    [
        ({}, 0),
        ({"x-amzn-RateLimit-Limit": "0.001"}, 1000),
        ({"Retry-After": "900"}, 900),
        ({"x-amzn-RateLimit-Limit": "0.0167", "Retry-After": "5"}, 60),
    ],
)
def test_the_rate_of_one_report_type_does_not_slow_the_others(
    headers: Dict[str, str], wait: float
) -> None:
    def odd(method: str, path: str, sent: Dict[str, Any]) -> Optional[Answer]:
        if sent.get("reportType") == RETURNS.report_type:
            return 429, {"errors": [{"code": "QuotaExceeded", "message": "Too many."}]}, headers
        return None

    with api(odd) as (client, _):
        with pytest.raises(Throttled) as throttled:
            calls.create_report(client, {"reportType": RETURNS.report_type})
        assert throttled.value.wait == pytest.approx(wait, abs=1)
        for _ in range(15):
            calls.create_report(client, {"reportType": INVENTORY.report_type})
        assert client.seconds_until_ready(calls.CREATE_REPORT) < 65


def test_a_report_just_requested_that_is_not_there_yet_is_not_requested_again() -> None:
    looks: List[str] = []

    def odd(method: str, path: str, sent: Dict[str, Any]) -> Optional[Answer]:
        if method == "GET" and path.startswith(f"{REPORT_PATH}/"):
            looks.append(path)
            return (404, MISSING, {}) if len(looks) == 1 else None
        return None

    with api(odd) as (client, requested):
        rows = list(runner(client, [INVENTORY]).run())
        assert [row["status"] for row in run_rows(rows)] == ["CANCELLED"]
        assert requested.count(("POST", REPORT_PATH)) == 1


def test_a_report_that_never_is_there_is_requested_a_few_times_only() -> None:
    def odd(method: str, path: str, sent: Dict[str, Any]) -> Optional[Answer]:
        missing = method == "GET" and path.startswith(f"{REPORT_PATH}/")
        return (404, MISSING, {}) if missing else None

    with api(odd) as (client, requested):
        run = runner(client, [INVENTORY])
        list(run.run())
        assert requested.count(("POST", REPORT_PATH)) == 2
        assert "404" in run.outcomes.metrics()[INVENTORY.name]["failed"]


def test_a_role_that_one_listed_type_lacks_does_not_hide_the_others() -> None:
    tax = REPORTS["sales_tax_report"]
    listed: List[str] = []

    def odd(method: str, path: str, sent: Dict[str, Any]) -> Optional[Answer]:
        if method == "GET" and path == REPORT_PATH:
            if tax.report_type in sent["reportTypes"]:
                return 403, REFUSED, {}
            listed.append(sent["reportTypes"])
        return None

    with api(odd) as (client, _):
        run = runner(client, [REPORTS["settlement_report"], tax])
        list(run.run())
        assert listed == [REPORTS["settlement_report"].report_type]
        metrics = run.outcomes.metrics()
        assert list(metrics) == [tax.name] and tax.role in metrics[tax.name]["skipped"]
