"""Mistakes of every kind: one sentence that names them, no traceback, and the exit code."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, Iterator, List

import dlt
import pytest
import tomlkit

from amazon_selling_partner import (
    amazon_selling_partner,
    make_context,
    report,
    resolve_values,
)
from amazon_selling_partner.client.errors import ConfigurationError, MissingRole
from amazon_selling_partner.commands.cli import main
from amazon_selling_partner.modules.listings.listing_search import SEARCH_LISTINGS_ITEMS
from sp_api_simulator import Simulator
from tests.support import ROOT, context_of

CREDENTIALS = {"client_id": "id", "client_secret": "secret-1", "refresh_token": "Atzr|token"}
FEEDBACK = "GET_SELLER_FEEDBACK_DATA"


@pytest.fixture
def configure(workplace: Path) -> Iterator[Any]:
    """Writes files of settings; they are forgotten at the end."""
    folder = workplace / ".dlt"

    def write(file: str = "config.toml", **settings: Any) -> None:
        folder.mkdir(exist_ok=True)
        (folder / file).write_text(tomlkit.dumps({"sources": {"amazon_selling_partner": settings}}))
        dlt.current.run_context().reload()

    write("secrets.toml", credentials=CREDENTIALS)
    yield write
    for file in folder.iterdir():
        file.unlink()
    dlt.current.run_context().reload()


@pytest.mark.parametrize(
    "settings, words",
    [
        ({"package_time": -5}, "package_time = -5 is out of range"),
        ({"package_time": "soon"}, "package_time"),
        ({"package_time": True}, "package_time = True"),
        ({"catalog_max_age": float("inf")}, "catalog_max_age"),
        ({"priority_days": "7"}, "priority_days = '7'"),
        ({"feed_types": ["FOO"]}, "feed_types names 'FOO'"),
        ({"feed_types": ["POST_ORDER_FULFILMENT_DATA"], "modules": ["FEEDS"]}, "mean POST_ORDER"),
        ({"asins": ["B00"]}, "asins names 'B00'"),
        ({"asins": ["b000000001"]}, "asins names 'b000000001'"),
        ({"asins": [5]}, "asins holds 5"),
        ({"asins": 5}, "asins = 5 is no list"),
        ({"item_conditions": ["Nwe"]}, "did you mean New?"),
        ({"asin_granularity": ["SKUS"]}, "did you mean SKU?"),
        ({"capture_deletes": "sotf"}, "did you mean soft?"),
        ({"regulated_info": True}, "regulated_info = True"),
        ({"region": "EUROP"}, "did you mean EUROPE?"),
        ({"modules": ["ODERS"]}, "did you mean ORDERS?"),
        ({"modules": [7]}, "modules holds 7"),
        ({"modules": [""]}, "modules holds ''"),
        ({"merchant_id": ""}, "merchant_id = ''"),
        ({"merchant_id": "ATVPDKIKX0DER"}, "merchant_id = 'ATVPDKIKX0DER'"),
        ({"merchant_id": "A1B2 C3"}, "merchant_id"),
        ({"is_vendor": "no"}, "is_vendor = 'no'"),
        ({"include_pii": "false"}, "include_pii = 'false'"),
        ({"include_pii": 0}, "include_pii = 0"),
        ({"create_report_schedules": "yes"}, "create_report_schedules"),
        ({"credentials": {**CREDENTIALS, "refresh_token": 12345}}, "credentials.refresh_token"),
        ({"credentials": {**CREDENTIALS, "client_secret": "  "}}, "client_secret is missing"),
        ({"credentials": {**CREDENTIALS, "client_secret_created": "2999-01-01"}}, "in the future"),
        ({"api_url": "https://me:pass-word@example.com"}, "api_url holds a user name"),
        ({"api_url": "https://pass-word@example.com"}, "api_url holds a user name"),
        ({"api_url": "me:pass-word@example.com"}, "api_url holds a user name"),
        ({"token_url": "https://me:pass-word@[bad/x"}, "token_url holds a user name"),
        ({"api_url": "https://[bad/x"}, "api_url = 'https://[bad/x' is refused"),
        ({"api_url": 5}, "api_url = 5 is refused"),
        ({"report_options": ["a"]}, "report_options = ['a'] is no table"),
        ({"report_options": {"ledger_detail_reprot": {}}}, "did you mean ledger_detail_report?"),
        (
            {"report_options": {"ledger_detail_report": {"eventtype": "x"}}},
            "did you mean eventType",
        ),
        (
            {"report_options": {"ledger_detail_report": 5}},
            "report_options.ledger_detail_report = 5",
        ),
        ({"report_options": {"settlement_report": {"a": "b"}}}, "it has none"),
        ({"custom_reports": ["GET_X"]}, "custom_reports holds 'GET_X'"),
        ({"custom_reports": [{"report_typ": "GET_X"}]}, "did you mean report_type?"),
        ({"custom_reports": [{"report_type": FEEDBACK, "table_name": "orders"}]}, "table orders"),
        ({"custom_reports": [{"report_type": FEEDBACK, "table_name": "my table!"}]}, "'my table!'"),
        ({"custom_reports": [{"report_type": FEEDBACK, "table_name": ""}]}, "table_name = ''"),
        ({"custom_reports": [{"report_type": FEEDBACK, "table_name": 5}]}, "table_name = 5"),
        ({"shipping_lookups": "x"}, "shipping_lookups must be a list"),
        ({"blocked": ["oders"]}, "did you mean orders?"),
        ({"blocked": [5]}, "blocked holds 5"),
        ({"blocked": "orders.order id"}, "'orders.order id'"),
        ({"hashed": ["orders"], "hash_salt": "salt"}, "hashed names 'orders'"),
        ({"hashed": ["orders.order_id"]}, "hash_salt is missing"),
        ({"row_filters": {"oders": "a = 1"}}, "did you mean orders?"),
        ({"row_filters": {"orders": "a == 1"}}, "row_filters.orders"),
        ({"row_filters": {"orders": "a > 1e99999999999999999999"}}, "out of range"),
        ({"row_filters": {"orders": 5}}, "row_filters.orders = 5"),
        ({"row_filters": ["orders"]}, "row_filters"),
        ({"history_mode": ["orders__order_items"]}, "is no root table"),
        ({"history_mode": ["settlement_report"], "modules": ["REPORTS"]}, "history_mode"),
        ({"historical_sync_time_frame": 2026}, "historical_sync_time_frame"),
        ({"historical_sync_time_frame": "1"}, "historical_sync_time_frame"),
        ({"marketplace_ids": {"a": 1}}, "marketplace_ids"),
        ({"marketplace_ids": "DE"}, "marketplace_ids names 'DE'"),
    ],
)
def test_a_bad_argument_of_the_source_is_one_sentence(settings: Any, words: str) -> None:
    given = {"credentials": CREDENTIALS, "modules": ["ORDERS", "REPORTS"], **settings}
    with pytest.raises(ConfigurationError) as caught:
        amazon_selling_partner(**given)
    sentence = str(caught.value)
    assert words in sentence and "\n" not in sentence and len(sentence) < 1500
    assert not any(secret in sentence for secret in ("pass-word", "secret-1", "Atzr"))


def test_right_ones_pass() -> None:
    amazon_selling_partner(
        credentials={**CREDENTIALS, "client_secret_created": "2026-01-31"},
        modules=["orders", "REPORTS", "A+ CONTENT MANAGEMENT"],
        feed_types=["POST_PRODUCT_DATA", "RFQ_UPLOAD_FEED"],
        asins=["B000000001", "0123456789"],
        report_options={"ledger_detail_report": {"FNSKU": "X1"}},
        custom_reports=[report(FEEDBACK, table_name="My_report", options={"any": "x"})],
        merchant_id="A1B2C3D4E5F6G7",
        package_time=900.5,
        row_filters={"orders": "quantity > 1e3"},
    )


@pytest.mark.parametrize("file", ["config.toml", "secrets.toml"])
@pytest.mark.parametrize(
    "settings, words",
    [
        ({"regin": "EUROPE"}, "has regin, which is no setting: did you mean region?"),
        ({"xyz": 1}, "has xyz, which is no setting: choose from"),
        ({"products": 100}, "has products"),
        ({"row_filter": {"orders": "a = 1"}}, "has row_filter, .* did you mean row_filters?"),
        ({"credential": {"client_id": "x"}}, "has credential, .* did you mean credentials?"),
        ({"credentials": {"client_secret_create": "x"}}, "credentials\\] has client_secret_create"),
        ({"report_option": {"a": {"b": "c"}}}, "did you mean report_options?"),
    ],
)
def test_a_misspelt_name_is_found_in_either_file(
    configure: Any, file: str, settings: Any, words: str
) -> None:
    if file == "secrets.toml":
        settings = {"credentials": CREDENTIALS, **settings}
    configure(file, **settings)
    with pytest.raises(ConfigurationError, match=words):
        amazon_selling_partner(credentials=CREDENTIALS)
    with pytest.raises(ConfigurationError, match=words):
        context_of_settings()


def context_of_settings() -> Any:
    return make_context(resolve_values(credentials=CREDENTIALS))


@pytest.mark.parametrize("name", ["REGIN", "CREDENTIALS__CLIENT_IDD", "ROW_FILTER__ORDERS"])
def test_a_misspelt_environment_variable_is_found(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(f"SOURCES__AMAZON_SELLING_PARTNER__{name}", "x")
    with pytest.raises(ConfigurationError, match=f"has {name.split('__')[-2:][0].lower()}|idd"):
        amazon_selling_partner(credentials=CREDENTIALS)


def test_tables_of_dlt_and_of_resources_may_stand_there(configure: Any) -> None:
    configure(
        max_table_nesting=3,
        extract={"workers": 2},
        orders={"updated": {"initial_value": "2026-01-01"}},
        data_writer={"file_max_items": 10},
        row_filters={"orders": "quantity > 1"},
    )
    amazon_selling_partner(credentials=CREDENTIALS)


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["run", "--accounts", "a,a"], "it names a twice"),
        (["run", "--accounts", ""], "it has no name"),
        (["run", "--accounts", "a b"], "'a b' is no name of an account"),
        (["run", "--accounts", "a.b"], "'a.b' is no name of an account"),
        (["run", "--dataset", ""], "--dataset: it is empty"),
        (["run", "--dataset", "a b;c"], "--dataset: 'a b;c' is no name of a dataset"),
        (["run", "--parallel", "0"], "--parallel: nothing would be loaded"),
        (["run", "--destination", " "], "--destination: it is empty"),
        (["run", "--destination", "nowhere"], "nowhere"),
        (["run", "--tables", "oders"], "did you mean orders?"),
        (["run", "--tables", "orders,orders"], "it names orders twice"),
        (["run", "--modules", "ODERS"], "did you mean ORDERS?"),
        (["run", "--for", "0s"], "'0s' is no time at all"),
        (["run", "--for", "-5m"], "--for"),
        (["run", "--package", "1.5.2h"], "'1.5.2h' is no duration"),
        (["run", "--since", "yesterdy"], "historical_sync_time_frame = 'yesterdy'"),
        (["run", "--since", "2999-01-01"], "lies in the future"),
        (["run", "--accounts", "nobody"], "credentials.client_id is missing"),
        (["resync", "--from", "2999-01-01"], "--from lies in the future"),
        (["resync", "--from", "31.1.2026"], "'31.1.2026' is no date"),
        (["resync", "--to", "2026-01-01"], "--to has to be later than --from"),
        (["estimate", "--products", "-3"], "'-3' is no whole number from 0"),
        (["estimate", "--products", "many"], "'many' is no whole number"),
        (["check", "--account", "../x"], "'../x' is no name of an account"),
        (["check", "--account", "nobody"], "credentials.client_id is missing"),
        (["authorize", "--account", "nobody"], "credentials.client_id is missing"),
        (["authorize", "--country", "XX"], "application_id is missing"),
        (["authorize", "--port", "99999999"], "--port"),
        (["authorize", "--code", "https://example.com/?x=1"], "spapi_oauth_code"),
        (["rn"], "invalid choice"),
        ([], "required"),
    ],
)
def test_a_bad_argument_of_a_command_is_one_sentence(
    configure: Any, arguments: List[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        code = main(arguments)
    except SystemExit as refused:
        code = int(str(refused.code))
    printed = capsys.readouterr().err
    assert code == 2 and words in printed and "Traceback" not in printed
    assert "secret-1" not in printed and "Atzr" not in printed


@pytest.mark.parametrize("file", ["state.json", "schemas/amazon_selling_partner.schema.json"])
@pytest.mark.parametrize("content", ["{", "", "[]", '{"a": 1}'])
def test_damaged_files_of_the_pipeline_are_one_sentence(
    configure: Any, workplace: Path, file: str, content: str, capsys: pytest.CaptureFixture[str]
) -> None:
    pipeline = dlt.pipeline("selling_partner", destination="duckdb", dataset_name="x")
    pipeline.extract(
        dlt.resource([{"a": 1}], name="a"), schema=dlt.Schema("amazon_selling_partner")
    )
    path = workplace / "dlt" / "pipelines" / "selling_partner" / file
    assert path.exists()
    path.write_text(content)
    code = main(["run", "--tables", "oders", "--modules", "ORDERS"])
    printed = capsys.readouterr().err
    assert code == 2 and "Traceback" not in printed
    assert "are damaged" in printed or "oders" in printed
    if content == "{":
        assert "delete that folder" in printed


def test_exit_codes_say_whether_all_is_there(
    configure: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    with Simulator(orders_per_day=1, days=2, quota_factor=1000, products=2) as sim:
        urls: Dict[str, Any] = {"api_url": sim.url, "token_url": sim.token_url}
        configure("secrets.toml", credentials=dict(sim.credentials), modules=["ORDERS"], **urls)
        command = ["run", "--tables", "order_metrics"]
        assert main(command) == 0
        sim.account.roles.clear()
        assert main(["resync", *command[1:]]) == 1, "all was refused"
        assert "Every table was refused" in capsys.readouterr().out
        sim.auth.revoke(sim.account)
        sim.auth.expire_access_tokens()
        assert main(command) == 2, "it could not start"


def test_a_wrong_merchant_id_is_reported_as_such() -> None:
    with Simulator(orders_per_day=1, days=2, quota_factor=1000, products=2) as sim:
        context = context_of(sim)
        with pytest.raises(MissingRole, match="merchant_id = 'AWRONG' is not the merchant token"):
            context.call(
                SEARCH_LISTINGS_ITEMS,
                path={"sellerId": "AWRONG"},
                params={"marketplaceIds": ["ATVPDKIKX0DER"]},
            )


def test_ctrl_c_while_modules_are_imported_leaves_no_traceback() -> None:
    # the module that is imported first sends the signal
    code = (
        "import os, runpy, signal, sys\n"
        "class Finder:\n"
        "    def find_spec(self, name, *more):\n"
        "        if name == 'dlt': os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Finder())\n"
        f"runpy.run_path({str(ROOT / 'amazon_selling_partner_pipeline.py')!r}, run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ}
    )
    assert done.returncode in (-2, 130) and done.stderr == ""


def test_the_estimated_total_is_the_longest_row(
    configure: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    with Simulator(orders_per_day=40, days=40, quota_factor=1000, products=5) as sim:
        urls = {"api_url": sim.url, "token_url": sim.token_url}
        configure("secrets.toml", credentials=dict(sim.credentials), **urls)
        assert main(["estimate", "--products", "5000"]) == 0
    lines = capsys.readouterr().out.splitlines()
    total = next(line for line in lines if line.startswith("First sync")).split(": ")[1]
    assert any(total.split(";")[0] in line for line in lines if "First sync" not in line)
    assert json.dumps(total)
