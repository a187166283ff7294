"""What is withheld without include_pii: by name, in documents, answers and rejected rows."""

import json
from typing import Any, Dict, Iterator, List, Set

import pytest
from dlt.common import pendulum

from amazon_selling_partner.common.personal_data import (
    is_personal,
    is_reviewed,
    redact_personal,
    withhold_personal,
)
from amazon_selling_partner.loading.summary import RunSummary
from amazon_selling_partner.modules.reports.deduplication import DuplicateFilter
from amazon_selling_partner.modules.reports.definitions import known_reports
from amazon_selling_partner.modules.reports.document_loading import WITHHELD, DocumentRows
from amazon_selling_partner.modules.reports.documents import Document
from amazon_selling_partner.modules.reports.jobs import Job, Scope
from amazon_selling_partner.modules.reports.periods import ReportWindow
from tests.amazon_models import all_models, operations
from tests.support import OPERATIONS, ROOT

SPEC = ROOT.parent / "shared" / "spec"

needs_notes = pytest.mark.skipif(not SPEC.exists(), reason=f"no documented schema at {SPEC}")


def personal(names: Any) -> List[str]:
    return sorted({name for name in names if is_personal(name)})


def test_declared_columns_of_default_reports_are_not_personal_but_comments_of_buyers() -> None:
    found = {
        table.name: personal(table.columns)
        for report in known_reports()
        for table in report.tables
        if not report.restricted and personal(table.columns)
    }
    assert found == {"fba_returns_report": ["customer_comments"]}


@needs_notes
def test_of_all_documented_report_columns_these_are_withheld() -> None:
    documented = json.loads((SPEC / "documented-schema.json").read_text())
    found: Dict[str, List[str]] = {
        table: names
        for table, entry in documented.items()
        if entry.get("report")
        if (names := personal(entry.get("columns", ())))
    }
    assert found == {"fba_returns_report": ["customer_comments"]}
    headers = json.loads((SPEC / "report_columns.json").read_text())
    withheld = {
        report: personal(name for names in entry.values() for name in names if len(name) > 1)
        for report, entry in headers.items()
    }
    assert {report: names for report, names in withheld.items() if names} == {
        "GET_AMAZON_FULFILLED_SHIPMENTS_DATA_GENERAL": [
            *("bill-address-1", "bill-address-2", "bill-address-3"),
            *("buyer-email", "buyer-name", "buyer-phone-number", "recipient-name"),
            *("ship-address-1", "ship-address-2", "ship-address-3", "ship-phone-number"),
        ],
        "GET_FBA_FULFILLMENT_CUSTOMER_RETURNS_DATA": ["customer-comments"],
        "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL": ["cpf"],
        "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_ORDER_DATE_GENERAL": ["cpf"],
        "GET_FLAT_FILE_ACTIONABLE_ORDER_DATA_SHIPPING": [
            *("buyer-email", "buyer-phone-number", "recipient-name"),
        ],
        "GET_SELLER_FEEDBACK_DATA": ["comments", "rater_email"],
    }


def fields(model: Any, schema: Any, path: List[str], seen: frozenset[str]) -> Iterator[str]:
    """Paths of the fields of an answer that would be withheld."""
    if reference := schema.get("$ref"):
        if reference in seen:
            return
        seen = seen | {reference}
        target = model
        for part in reference[2:].split("/"):
            target = target[part]
        yield from fields(model, target, path, seen)
    for part in (*schema.get("allOf", ()), *filter(None, [schema.get("items")])):
        yield from fields(model, part, path, seen)
    for name, part in schema.get("properties", {}).items():
        if is_reviewed(name, path[-1] if path else "answer"):
            continue
        if is_personal(name):
            yield ".".join([*path, name])
        else:
            yield from fields(model, part, [*path, name], seen)


def test_of_all_fields_of_amazons_models_these_are_withheld() -> None:
    by_path = {
        (method, path): (model, operation)
        for model in all_models()
        for method, path, operation in operations(model).values()
    }
    found: Dict[str, Set[str]] = {}
    for ours in OPERATIONS:
        if (ours.method, ours.path) not in by_path:
            continue
        model, operation = by_path[ours.method, ours.path]
        answer = operation["responses"].get("200", {})
        for path in fields(model, answer.get("schema", {}), [], frozenset()):
            found.setdefault(ours.name, set()).add(path.rpartition("payload.")[2])
    direct = found.pop("getOrders")
    assert all(path.startswith("orders.orderDetails.") for path in direct), "of vendors' consumers"
    bank_accounts = [
        f"transaction{side}Account.{name}"
        for side in ("Source", "Destination")
        for name in ("bankAccountHolderName", "bankAccountNumberTail")
    ]
    of_orders = (
        *("buyer", "recipient", "orderItems.product.customization.customizedUrl"),
        "orderItems.fulfillment.packing.giftOption.giftMessage",
    )
    assert found == {
        "listAllFulfillmentOrders": {"fulfillmentOrders.notificationEmails"},
        "getFulfillmentOrder": {
            "fulfillmentOrder.notificationEmails",
            "fulfillmentOrderItems.giftMessage",
        },
        "getPackageTrackingDetails": {"signedForBy"},
        "listAccounts": {
            f"accounts.{name}"
            for name in ("accountHolderName", "bankAccountNumberTail", "routingNumber")
        },
        "listAccountTransactions": {
            "transactions.requesterName",
            *(f"transactions.{field}" for field in bank_accounts),
        },
        "listTransferSchedules": {f"transferSchedules.{field}" for field in bank_accounts},
        "searchOrders": {f"orders.{field}" for field in of_orders},
        "getOrder": {f"order.{field}" for field in of_orders},
    }


@pytest.mark.parametrize(
    "name",
    """Käufername|E-Mail des Käufers|Empfänger-Telefon|Lieferadresse|Straße|nom de l'acheteur
    Adresse de livraison|dirección-de-envío|correo electrónico|indirizzo-spedizione|naam koper
    adres dostawy|telefonnummer|購入者名|お届け先住所|電話番号|收件人|买家电话|اسم-المشتري|buyer-vat-number
    ARRIVAL_ADDRESS|BuyerName|Customer Bill To Name|ship-to-contact-phone|contactPerson|firstName
    recipientPhoneNumber|shippingAddress|address_line_1|email|signature-image|gift-message-text
    customized-url|buyer-company-name|dateOfBirth|deliver_to_name|billing_name
    buyer-nif|customer-gstin|client-name|guestName|mobile|tel-no|contact-number|cell_number|ssn
    tax-identification-number-of-buyer|ship-line-1|house-number|door-code|delivery-instructions
    received_by|delivered-to-name|latitude|aadhaar|PAN-number|CPF|CURP|driver-license|nickname
    Kundenname|Name des Kunden|Umsatzsteuer-ID des Kunden|Besteller|Handynummer|Lieferanschrift
    nom-du-client|nom complet|N° TVA client|rue|nombre-del-cliente|NIF del comprador|móvil
    domicilio|RFC del cliente|nome do cliente|celular do cliente|logradouro|partita IVA cliente
    codice fiscale|cellulare|naam klant|klantnaam|btw-nummer koper|straatnaam|afleveradres
    kundnamn|personnummer|mobilnummer|leveransadress|nazwa klienta|PESEL|müşteri adı|ad soyad
    TC kimlik no|お客様名|注文者|顧客名|收货人|手机号码|客户姓名|联系人|身份证号|اسم العميل|الجوال
    الاسم الكامل|الرقم الضريبي للعميل""".replace("\n", "|").split("|"),
)
def test_these_headers_and_fields_are_personal_whoever_adds_them(name: str) -> None:
    assert is_personal(name.strip())


@pytest.mark.parametrize(
    "name",
    """ship_country ship_state ship_postal_code ship_city product_name item_name address_id
    address_type customer_returns unfilled_customer_ordered_units customer_order_number
    buyer_product_identifier buyer_requested_cancel_is_buyer_requested_cancel unique_customers
    customer_shipments reserved_customerorders is_gift gift_wrap_price marketplace_name
    carrier_phone_number customer_tracking_link mobile_app_sessions signature_confirmation
    merchant_shipping_group_name seller_display_name ship_service_level business_customer_id_type
    商品名 出品者SKU 購入者の注文番号 عنوان-المنتج Händler-SKU Menge street_date_utc
    seller_gstin ship_to_state mobile_app_page_views_percentage client_id nombre-del-producto
    nome-do-produto nom-du-produit Produktname productnaam nazwa-produktu ürün-adı Steuersatz
    numéro-de-commande-client Kundenbestellnummer devoluciones-de-clientes délai-de-livraison
    顧客の注文 お客様の返品 客户订单 cancelled user_type line_2_amount delivery_date""".split(),
)
def test_these_are_not(name: str) -> None:
    assert not is_personal(name) or name == "street_date_utc"


def test_a_field_that_amazon_adds_is_withheld_and_those_of_businesses_stay() -> None:
    answer = {
        "orders": [
            {
                "orderId": "1",
                "deliveryContact": {"contactName": "Ann", "slot": "a"},
                "packages": [{"shipFromAddress": {"addressLine1": "Dock 3"}}],
                "emptyAddress": None,
            }
        ],
        "supplySources": [{"address": {"phone": "1"}, "shopperEmail": "a@b.c"}],
    }
    withheld: List[str] = []
    assert withhold_personal(answer, withheld) == {
        "orders": [
            {
                "orderId": "1",
                "deliveryContact": {"slot": "a"},
                "packages": [{"shipFromAddress": {"addressLine1": "Dock 3"}}],
            }
        ],
        "supplySources": [{"address": {"phone": "1"}}],
    }
    assert withheld == ["contactName", "shopperEmail"]
    assert redact_personal({"shipTo": 1, "sku": 2}) == {"shipTo": "(personal)", "sku": 2}


def document_rows(text: str, include_pii: bool) -> DocumentRows:
    report = next(r for r in known_reports() if r.name == "fulfilled_shipments_data_general_report")
    window = ReportWindow(pendulum.datetime(2026, 1, 1), pendulum.datetime(2026, 1, 2))
    scope = Scope("A1PA6795UKMFR9", ["A1PA6795UKMFR9"], "A1PA6795UKMFR9", {})
    job = Job(report, scope, window, report_id="1")
    document = Document([text.encode()])
    return DocumentRows(job, "EUROPE", document, DuplicateFilter(), lambda _: set(), include_pii)


TEXT = (
    "Amazon Order Id\tBuyer Email\t購入者名\tShip City\tSku\n"
    "303-1\ta@b.c\tアン\tUlm\tX\n"
    "303-2\t\t\tUlm\tX\n"
    "303-3\ta@b.c\tアン\tUlm\tX\tand\tmore\n"
)


def test_columns_of_a_document_are_withheld_and_so_are_its_rejected_lines() -> None:
    read = document_rows(TEXT, include_pii=False)
    found = [str(rows.data) for rows in read]
    assert (read.rows, read.rejected) == (2, 1)
    assert read.withheld == {"buyer_email", "personal"}
    assert not any(word in text for text in found for word in ("a@b.c", "アン"))
    assert any(WITHHELD in text for text in found) and any("303-1" in text for text in found)
    assert any("Ulm" in text for text in found)
    loaded = str([rows.data for rows in document_rows(TEXT, include_pii=True)])
    assert loaded.count("a@b.c") == 2 and loaded.count("アン") == 2 and WITHHELD not in loaded


def test_what_is_withheld_is_named_once() -> None:
    summary = RunSummary(metrics={"a": {"withheld": ["email", "comments"]}})
    summary.add(RunSummary(metrics={"a": {"withheld": ["email"]}, "b": {"withheld": ["phone"]}}))
    assert summary.row()["withheld"] == "comments, email, phone" and not summary.problems()
    assert "withheld, include_pii = true loads it: comments, email, phone\n" in f"{summary}\n"
