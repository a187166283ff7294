"""Every table of the usual connector schema is here, or docs/TABLES.md says where it went and why."""

import json
import re

import pytest

from amazon_selling_partner import amazon_selling_partner
from amazon_selling_partner.finance.tables import TABLES
from amazon_selling_partner.settings import MODULES, MORE_MODULES, VENDOR_MODULES

from .utils import MODELS, ROOT

SCHEMA = MODELS.parent / "spec" / "documented-schema.json"
CREDENTIALS = {"client_id": "id", "client_secret": "secret", "refresh_token": "Atzr|token"}


def all_resources(include_pii: bool) -> set:
    found = set()
    for is_vendor, modules in ((False, (*MODULES, *MORE_MODULES)), (True, VENDOR_MODULES)):
        source = amazon_selling_partner(
            credentials=CREDENTIALS,
            is_vendor=is_vendor,
            marketplace_ids=["ATVPDKIKX0DER"],
            merchant_id="A1",
            modules=list(modules),
            include_pii=include_pii,
        )
        for resource in source.resources.values():
            found |= {resource.name, *resource._hints_variants}
    return found


def test_every_documented_table_is_here_or_explained() -> None:
    if not SCHEMA.exists():
        pytest.skip(f"the documented schema is not at {SCHEMA}")
    explained = set(re.findall(r"`([a-z0-9_]+)`", (ROOT / "docs" / "TABLES.md").read_text()))
    missing = set(json.loads(SCHEMA.read_text())) - all_resources(True) - set(TABLES) - explained
    assert not missing


def test_the_readme_names_every_table_and_setting() -> None:
    readme = (ROOT / "README.md").read_text()
    reports = {name for name in all_resources(True) if "_report" in name or "rapid_retail" in name}
    vendor = {name for name in all_resources(True) if name.startswith("vendor_direct_fulfillment")}
    for name in all_resources(True) - reports - vendor:
        assert f"`{name}`" in readme, name
    for name in amazon_selling_partner.__signature__.parameters:  # type: ignore[attr-defined]
        assert f"`{name}`" in readme or name in ("credentials", "clock"), name
