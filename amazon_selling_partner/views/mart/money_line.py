"""Where each cent is: every amount of the financial events once, in a category."""

from typing import Dict, Iterator, Tuple

from ...modules.finance.event_tables import (
    CHARGES,
    FEES,
    ITEMS,
    PROMOTIONS,
    TABLES,
    TAXES,
)
from ...modules.reports.countries import DOMAINS
from ...settings import MARKETPLACES
from ..mapping import Column, Part, View, derived, given, part, union, view
from .definition import Mart, describe_columns

DIRECT_PAYMENTS = "financial_shipment_direct_payment"
ADJUSTMENTS = "financial_adjustment_event"

CATEGORIES: Dict[Tuple[str, str], str] = {
    ("financial_adhoc_disbursement_event", "transaction_amount"): "transfers",
    ("financial_affordability_expense_event", "total_expense"): "promotions",
    ("financial_capacity_reservation_billing_event", "transaction_amount"): "storage_fees",
    ("financial_coupon_payment_event", "total_amount"): "other_fees",
    ("financial_debt_recovery_event", "recovery_amount"): "transfers",
    ("financial_ebt_refund_reimbursement_only_event", "amount"): "reimbursements",
    ("financial_failed_adhoc_disbursement_event", "transfer_amount"): "transfers",
    ("financial_fba_liquidation_event", "liquidation_proceeds_amount"): "other",
    ("financial_fba_liquidation_event", "liquidation_fee_amount"): "other_fees",
    ("financial_loan_servicing_event", "loan_amount"): "transfers",
    ("financial_product_ads_payment_event", "transaction_value"): "advertising",
    ("financial_removal_shipment_item", "revenue"): "other",
    ("financial_removal_shipment_item", "fee_amount"): "other_fees",
    ("financial_removal_shipment_item", "tax_amount"): "tax_collected",
    ("financial_removal_shipment_item", "tax_withheld"): "tax_withheld",
    ("financial_removal_shipment_item_adjustment", "revenue_adjustment"): "other",
    ("financial_removal_shipment_item_adjustment", "tax_amount_adjustment"): "tax_collected",
    ("financial_removal_shipment_item_adjustment", "tax_withheld_adjustment"): "tax_withheld",
    ("financial_rental_transaction_event", "rental_reimbursement"): "reimbursements",
    ("financial_retro_charge_event", "base_tax"): "tax_collected",
    ("financial_retro_charge_event", "shipping_tax"): "tax_collected",
    ("financial_safet_reimbursement_event", "reimbursed_amount"): "reimbursements",
    ("financial_seller_deal_payment_event", "total_amount"): "other_fees",
    ("financial_seller_review_enrollment_payment_event", "total_amount"): "other_fees",
    ("financial_solution_provider_credit_event", "transaction_amount"): "other",
    ("financial_tax_withholding_event", "withheld_amount"): "tax_withheld",
    ("financial_tds_reimbursement_event", "reimbursed_amount"): "tax_withheld",
    ("financial_value_added_service_charge_event", "transaction_amount"): "other_fees",
    ("network_commingling_transaction_event", "tax_exclusive_amount"): "other",
    ("network_commingling_transaction_event", "tax_amount"): "tax_collected",
}
"""Category by table and column of the amounts that stand in an event and are of no SKU."""

COMPONENTS = (CHARGES, FEES, TAXES, PROMOTIONS, ITEMS, DIRECT_PAYMENTS, ADJUSTMENTS)
"""Tables whose amounts are categorized by what they are linked to."""


def _row(amount: str, *columns: Column, where: str = "", table: str) -> Part:
    """A part of the amounts: what all have, and what an amount is."""
    return part(
        table,
        *given(text="financial_event_group_id", date="posted_day"),
        *columns,
        *given(
            text=f"currency_code={amount}__currency_code",
            decimal=f"amount={amount}__currency_amount",
        ),
        where=where,
    )


def _component(
    table: str,
    amount: str,
    component: str,
    link: str,
    linked_to_id: str,
    kind: str,
    where: str = "",
) -> Part:
    return _row(
        amount,
        derived("component", "text", f"'{component}'"),
        derived("linked_to", "text", link),
        derived("linked_to_id", "text", f't."{linked_to_id}"'),
        derived("kind", "text", kind),
        where=where,
        table=table,
    )


def _components() -> View:
    """Charges, fees, taxes, promotions and points that count, with what they are linked to."""
    repeated = {
        spec.link
        for spec in TABLES.values()
        for lists in spec.lists.values()
        if lists.table in (CHARGES, FEES) and not lists.adds_up
    }
    counted = " AND ".join(f"t.\"linked_to\" <> '{link}'" for link in sorted(repeated))
    item = "'SHIPMENT_EVENT_ITEM'"
    linked = 't."linked_to"', "linked_to_id"
    return union(
        "components",
        "",
        _component(CHARGES, "charge_amount", "charge", *linked, 't."charge_type"', counted),
        _component(FEES, "fee_amount", "fee", *linked, 't."fee_type"', counted),
        _component(TAXES, "charge_amount", "tax", *linked, 't."charge_type"'),
        _component(
            PROMOTIONS,
            "promotion_amount",
            "promotion",
            item,
            "financial_shipment_event_item_id",
            't."promotion_type"',
        ),
        _component(ITEMS, "cost_of_points_granted", "points", item, "id", "'PointsGranted'"),
        _component(ITEMS, "cost_of_points_returned", "points", item, "id", "'PointsReturned'"),
        _component(
            DIRECT_PAYMENTS,
            "direct_payment_amount",
            "payment",
            "'SHIPMENT_EVENT'",
            "shipment_event_id",
            't."direct_payment_type"',
        ),
        marketplace="",
    )


def _other_amounts() -> View:
    """Amounts that stand in an event, each with its category."""
    return union(
        "other_amounts",
        "",
        *(
            _row(
                amount,
                *_about(table),
                derived("category", "text", f"'{category}'"),
                derived("kind", "text", f"'{table}.{amount}'"),
                table=table,
            )
            for (table, amount), category in CATEGORIES.items()
        ),
        marketplace="",
    )


def _about(table: str) -> Iterator[Column]:
    """What an event itself says about what it is about; NULL where it does not."""
    texts, times = TABLES[table].text.split(), TABLES[table].timestamp.split()
    sources = {
        "order_id": ("amazon_order_id", "order_id"),
        "seller_sku": ("seller_sku", "sku"),
        "marketplace_name": ("marketplace_name",),
        "marketplace_id": ("marketplace_id",),
    }
    for name, columns in sources.items():
        source = next((column for column in columns if column in texts), "")
        yield derived(name, "text", f't."{source}"' if source else "")
    yield derived("posted_date", "timestamp", 't."posted_date"' if "posted_date" in times else "")


EVENTS_WITH_COMPONENTS = (
    *("financial_service_fee_event", "financial_trial_shipment_event"),
    *("financial_rental_transaction_event", "financial_retro_charge_event"),
)
"""Events, other than those of orders, that say what their charges, fees and taxes are about."""


def marketplaces() -> str:
    """A query for id and time zone by the name that events have, such as `amazon.de`."""
    by_country = {marketplace.country: marketplace for marketplace in MARKETPLACES.values()}

    def rows() -> Iterator[str]:
        for domain, country in DOMAINS.items():
            known = by_country[country]
            yield (
                f"SELECT 'amazon.{domain}' AS name, '{known.id}' AS marketplace_id,"
                f" '{known.time_zone}' AS time_zone"
            )

    return " UNION ALL ".join(rows())


INPUTS: Dict[str, View] = {
    known.name: known
    for known in (
        _components(),
        _other_amounts(),
        view(
            "shipment_events",
            "",
            "financial_shipment_event",
            given(text="id event_type amazon_order_id marketplace_name", timestamp="posted_date"),
            marketplace="",
        ),
        view(
            "shipment_items",
            "",
            ITEMS,
            given(
                text="id financial_event_group_id financial_shipment_event_id item_kind seller_sku",
                bigint="quantity_shipped",
                date="posted_day",
            ),
            marketplace="",
        ),
        union(
            "other_events",
            "",
            *(part(table, given(text="id"), _about(table)) for table in EVENTS_WITH_COMPONENTS),
            marketplace="",
        ),
        view(
            "group_currencies",
            "",
            "financial_event_group",
            given(text="financial_event_group_id currency_code=original_total__currency_code"),
            marketplace="",
        ),
        view(
            "adjustments",
            "",
            ADJUSTMENTS,
            given(
                text="id financial_event_group_id kind=adjustment_type"
                " currency_code=adjustment_amount__currency_code",
                date="posted_day",
                decimal="amount=adjustment_amount__currency_amount",
            ),
            marketplace="",
        ),
        view(
            "adjustment_items",
            "",
            "financial_adjustment_item",
            given(
                text="adjustment_event_id seller_sku currency_code=total_amount__currency_code",
                decimal="amount=total_amount__currency_amount",
            ),
            marketplace="",
        ),
        view(
            "deferred_transactions",
            "",
            "financial_transaction",
            given(
                text="marketplace_id=marketplace_details__marketplace_id"
                " currency_code=total_amount__currency_code",
                timestamp="posted_date",
                decimal="amount=total_amount__currency_amount",
            ),
            where="t.\"transaction_status\" = 'DEFERRED'",
            marketplace="",
        ),
    )
}
"""What is read of the dataset, with all columns whatever was loaded."""

REIMBURSED = """'WAREHOUSE_DAMAGE', 'WAREHOUSE_DAMAGE_EXCEPTION', 'WAREHOUSE_LOST',
    'WAREHOUSE_LOST_MANUAL', 'INBOUND_LOST', 'INBOUND_CARRIER_DAMAGE', 'MISSING_FROM_INBOUND',
    'MISSING_FROM_INBOUND_CLAWBACK', 'COMPENSATED_CLAWBACK', 'CS_ERROR_ITEMS', 'RE_EVALUATION',
    'FREE_REPLACEMENT_REFUND_ITEMS', 'REMOVAL_ORDER_LOST', 'REMOVAL_ORDER_DAMAGED'"""

MONEY_LINE = Mart(
    "money_line",
    "An amount of a financial event that is part of a payout, once, with its category.",
    (
        "Which kinds of fees are deducted most?",
        "SELECT kind, sum(amount) AS amount FROM money_line WHERE category LIKE '%fees'"
        " GROUP BY kind ORDER BY amount",
    ),
    describe_columns(
        text={
            "selling_partner": "Account.",
            "marketplace_id": "Marketplace; NULL where the event names none.",
            "financial_event_group_id": "Settlement that it belongs to.",
            "order_id": "Amazon's order id, if it is about an order.",
            "sku": "Seller's SKU; NULL where Amazon names none.",
            "category": "One of the columns of sku_profit_daily, or transfers.",
            "kind": "Amazon's type of the charge, fee, tax, promotion or adjustment.",
            "currency_code": "Currency.",
        },
        date={
            "day": "Day in the marketplace's time zone; of events without marketplace, in UTC.",
        },
        decimal={"amount": "With Amazon's sign: negative is deducted."},
    ),
    f"""
WITH marketplaces AS ({marketplaces()}),
time_zones AS (
  SELECT marketplace_id, MAX(time_zone) AS time_zone FROM marketplaces GROUP BY marketplace_id
),
linked AS (
  SELECT
    c.selling_partner, m.marketplace_id, c.financial_event_group_id,
    COALESCE(e.amazon_order_id, o.order_id) AS order_id,
    COALESCE(i.seller_sku, o.seller_sku) AS sku,
    COALESCE(LOCAL_DAY(COALESCE(e.posted_date, o.posted_date), m.time_zone), c.posted_day) AS day,
    COALESCE(
      e.event_type IN ('refund_event', 'guarantee_claim_event', 'chargeback_event'), FALSE
    ) AS is_refund,
    c.component, COALESCE(c.kind, '') AS kind, c.currency_code, c.amount
  FROM components AS c
  LEFT JOIN shipment_items AS i
    ON c.linked_to = 'SHIPMENT_EVENT_ITEM' AND i.id = c.linked_to_id
    AND i.selling_partner = c.selling_partner
  LEFT JOIN shipment_events AS e
    ON e.id = COALESCE(i.financial_shipment_event_id, c.linked_to_id)
    AND e.selling_partner = c.selling_partner
  LEFT JOIN other_events AS o
    ON o.id = c.linked_to_id AND o.selling_partner = c.selling_partner
  LEFT JOIN marketplaces AS m ON m.name = LOWER(COALESCE(e.marketplace_name, o.marketplace_name))
  WHERE c.amount <> 0
),
itemized AS (
  SELECT adjustment_event_id, selling_partner, currency_code, SUM(amount) AS amount
  FROM adjustment_items GROUP BY adjustment_event_id, selling_partner, currency_code
),
adjusted AS (
  SELECT a.selling_partner, a.financial_event_group_id, a.posted_day, a.kind, a.currency_code,
    i.seller_sku AS sku, i.amount
  FROM adjustments AS a
  JOIN adjustment_items AS i
    ON i.adjustment_event_id = a.id AND i.selling_partner = a.selling_partner
    AND i.currency_code = a.currency_code
  WHERE a.amount IS NOT NULL
  UNION ALL
  SELECT a.selling_partner, a.financial_event_group_id, a.posted_day, a.kind, a.currency_code,
    NULL AS sku, a.amount - COALESCE(i.amount, 0) AS amount
  FROM adjustments AS a
  LEFT JOIN itemized AS i
    ON i.adjustment_event_id = a.id AND i.selling_partner = a.selling_partner
    AND i.currency_code = a.currency_code
)
SELECT
  selling_partner, marketplace_id, financial_event_group_id, order_id, sku,
  CASE
    WHEN component = 'tax' THEN 'tax_withheld'
    WHEN component = 'fee' AND kind IN (
      'Commission', 'RefundCommission', 'VariableClosingFee', 'FixedClosingFee', 'ReferralFee'
    ) THEN 'referral_fees'
    WHEN component = 'fee' AND (kind LIKE '%LongTerm%' OR kind LIKE '%Aged%')
      THEN 'long_term_storage_fees'
    WHEN component = 'fee' AND kind LIKE '%Storage%' THEN 'storage_fees'
    WHEN component = 'fee' AND kind LIKE 'FBA%' AND (
      kind LIKE '%Fulfillment%' OR kind LIKE '%WeightBased%' OR kind LIKE '%Transportation%'
      OR kind LIKE '%PickAndPack%' OR kind LIKE '%WeightHandling%' OR kind LIKE '%OrderHandling%'
    ) THEN 'fba_fulfillment_fees'
    WHEN component = 'fee' THEN 'other_fees'
    WHEN kind LIKE '%Tax%' THEN 'tax_collected'
    WHEN is_refund THEN 'refunds'
    WHEN component IN ('promotion', 'points') THEN 'promotions'
    WHEN component = 'charge' AND kind = 'Principal' THEN 'gross_sales'
    WHEN component = 'charge' AND (kind LIKE 'Shipping%' OR kind LIKE 'GiftWrap%') THEN 'shipping'
    ELSE 'other'
  END AS category,
  kind, currency_code, day, amount
FROM linked
UNION ALL
SELECT
  selling_partner, NULL AS marketplace_id, financial_event_group_id, NULL AS order_id, sku,
  CASE
    WHEN kind LIKE 'Reserve%' OR kind LIKE '%Disbursement%' THEN 'transfers'
    WHEN kind LIKE '%Postage%' THEN 'other_fees'
    WHEN UPPER(kind) LIKE '%REIMBURSE%' OR kind IN ({REIMBURSED}) THEN 'reimbursements'
    ELSE 'other'
  END AS category,
  kind, currency_code, posted_day AS day, amount
FROM adjusted
WHERE amount <> 0
UNION ALL
SELECT
  o.selling_partner, COALESCE(m.marketplace_id, i.marketplace_id) AS marketplace_id,
  o.financial_event_group_id, o.order_id, o.seller_sku AS sku, o.category, o.kind, o.currency_code,
  COALESCE(LOCAL_DAY(o.posted_date, COALESCE(m.time_zone, i.time_zone)), o.posted_day) AS day,
  o.amount
FROM other_amounts AS o
LEFT JOIN marketplaces AS m ON m.name = LOWER(o.marketplace_name)
LEFT JOIN time_zones AS i ON i.marketplace_id = o.marketplace_id
WHERE o.amount <> 0
""",
    INPUTS,
)
