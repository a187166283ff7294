"""Bad settings: one sentence that names the setting and the fix, and no request."""

from pathlib import Path
from typing import Any, Dict

import dlt
import pytest
from dlt.common import pendulum

from amazon_selling_partner import (
    SellingPartnerCredentials,
    amazon_selling_partner,
    resolve_values,
)
from amazon_selling_partner.client.errors import ConfigurationError
from amazon_selling_partner.settings import HOSTS, MARKETPLACES

CREDENTIALS = {"client_id": "id", "client_secret": "secret", "refresh_token": "Atzr|token"}


@pytest.mark.parametrize(
    "settings, words",
    [
        ({"credentials": {}}, ["credentials.client_id", "secrets.toml"]),
        (
            {"credentials": {**CREDENTIALS, "client_secret": ""}},
            [
                "credentials.client_secret",
                "SOURCES__AMAZON_SELLING_PARTNER__CREDENTIALS__CLIENT_SECRET",
            ],
        ),
        (
            {"credentials": {**CREDENTIALS, "refresh_token": "Atzr|<configure me>"}},
            ["credentials.refresh_token", "secrets.toml"],
        ),
        (
            {"credentials": {**CREDENTIALS, "client_id": "amzn1.sp.solution.1"}},
            ["credentials.client_id", "application id", "application_id"],
        ),
        (
            {"credentials": {**CREDENTIALS, "client_secret_created": "soon"}},
            ["credentials.client_secret_created", "'soon'", "2026-01-31"],
        ),
        (
            {"credentials": {**CREDENTIALS, "refresh_token": "Atza|token"}},
            ["credentials.refresh_token", "access token", "Atzr|..."],
        ),
        ({"credentials": "Atzr|token"}, ["credentials is a str", "client_id", "dict"]),
        ({"credentials": 5}, ["credentials is a int", "client_id", "dict"]),
        ({"sandbox": 3}, ["sandbox = 3", "true nor false"]),
        (
            {
                "report_options": {
                    "sales_and_traffic_business_sku_report_daily": {"dateGranularity": "WEEK"}
                }
            },
            ["sku_report_daily", "dateGranularity = 'WEEK'", "'DAY'", "custom_reports"],
        ),
        ({"capture_deletes": "maybe"}, ["capture_deletes", "'maybe'", "soft"]),
        ({"region": "ASIA"}, ["region", "'ASIA'", "FAR_EAST"]),
        ({"marketplace_ids": ["ATVPDKIKX0DERX"]}, ["marketplace_ids", "ATVPDKIKX0DERX"]),
        (
            {"marketplace_ids": ["A1PA6795UKMFR9"]},
            ["marketplace_ids", "A1PA6795UKMFR9", "EUROPE", "NORTH_AMERICA"],
        ),
        ({"modules": ["ORDER"]}, ["modules", "'ORDER'", "ORDERS"]),
        ({"is_vendor": True}, ["marketplace_ids", "is_vendor"]),
        (
            {"historical_sync_time_frame": "soon"},
            ["historical_sync_time_frame", "'soon'", "ALL_TIME"],
        ),
        ({"historical_sync_time_frame": "2999-01-01"}, ["historical_sync_time_frame", "future"]),
        ({"regulated_info": "maybe"}, ["regulated_info", "'maybe'", "auto"]),
        ({"api_url": "http://example.com"}, ["api_url", "https"]),
        ({"token_url": "http://10.0.0.1/token"}, ["token_url", "https"]),
        ({"api_url": "ftp://127.0.0.1"}, ["api_url", "https"]),
        ({"token_url": "http://127.0.0.1.example.com/token"}, ["token_url", "https"]),
        ({"api_url": "http://[::1"}, ["api_url", "https"]),
        ({"api_url": "https://example.com:port"}, ["api_url", "https"]),
        ({"marketplace_ids": [5]}, ["marketplace_ids", "'5'"]),
        ({"historical_sync_time_frame": "2026"}, ["historical_sync_time_frame", "2026-01-31"]),
        ({"priority_days": -1}, ["priority_days = -1", "from 0"]),
        ({"reports_time_budget": float("nan")}, ["reports_time_budget = nan", "from 0"]),
    ],
)
def test_a_bad_setting_is_named_with_its_fix(settings: Dict[str, Any], words: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        amazon_selling_partner(**{"credentials": CREDENTIALS, **settings})
    sentence = str(caught.value)
    for word in words:
        assert word in sentence
    assert "\n" not in sentence
    assert "|token" not in sentence
    assert "secret'" not in sentence


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    prefix = "SOURCES__AMAZON_SELLING_PARTNER__"
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(f"{prefix}CREDENTIALS__{name.upper()}", value)
    monkeypatch.setenv(f"{prefix}REGION", "MOON")
    with pytest.raises(ConfigurationError, match="MOON"):
        amazon_selling_partner()
    monkeypatch.setenv(f"{prefix}REGION", "europe")
    monkeypatch.setenv(f"{prefix}MARKETPLACE_IDS", '["A1PA6795UKMFR9"]')
    assert "orders" in amazon_selling_partner().resources


def test_a_setting_that_is_misspelt_in_toml_is_named(workplace: Path) -> None:
    (workplace / ".dlt").mkdir()
    section = "[sources.amazon_selling_partner"
    config = f"{section}]\nblockd = ['orders']\n{section}.extract]\nworkers = 3\n"
    (workplace / ".dlt" / "config.toml").write_text(config)
    dlt.current.run_context().reload()
    try:
        with pytest.raises(ConfigurationError, match="has blockd, .* did you mean blocked?"):
            amazon_selling_partner(credentials=CREDENTIALS)
    finally:
        (workplace / ".dlt" / "config.toml").unlink()
        dlt.current.run_context().reload()


def test_loopback_may_be_plain_http() -> None:
    for host in ("http://127.0.0.1:8080", "http://localhost:1/", "http://[::1]:8080"):
        amazon_selling_partner(credentials=CREDENTIALS, api_url=host, token_url=f"{host}/auth")


def test_all_marketplaces_are_known_with_region_and_time_zone() -> None:
    assert len(MARKETPLACES) == 23
    assert {marketplace.region for marketplace in MARKETPLACES.values()} == set(HOSTS)


def test_an_account_of_its_own_name_keeps_cursors_of_its_own() -> None:
    source = amazon_selling_partner.clone(name="seller_eu")(credentials=CREDENTIALS)
    assert source.name == "seller_eu"


def test_credentials_do_not_show_when_printed() -> None:
    source = amazon_selling_partner(credentials=CREDENTIALS)
    assert "secret" not in repr(source.orders) and "Atzr" not in str(source)
    credentials = SellingPartnerCredentials(**CREDENTIALS)
    assert "Atzr|token" not in repr(credentials) + str(credentials)


def test_blanks_and_line_ends_of_copied_credentials_are_dropped() -> None:
    padded = {name: f" {value}\n" for name, value in CREDENTIALS.items()}
    credentials = resolve_values(credentials=padded)["credentials"]
    assert {name: credentials[name] for name in CREDENTIALS} == CREDENTIALS


def test_a_secret_that_expires_soon_is_reported_from_thirty_days_before() -> None:
    credentials = SellingPartnerCredentials(**CREDENTIALS, client_secret_created="2026-01-31")
    made = pendulum.datetime(2026, 1, 31)
    assert credentials.warning(made.add(days=149, hours=23)) is None
    soon = credentials.warning(made.add(days=150))
    assert soon and "expires in 30 days (2026-07-30)" in soon and "Rotate secret" in soon
    late = credentials.warning(made.add(days=181))
    assert late and "has expired" in late
    assert SellingPartnerCredentials(**CREDENTIALS).warning(made.add(years=9)) is None
