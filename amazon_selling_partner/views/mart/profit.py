"""What a SKU earns: the amounts of `money_line` by day and month, with units and costs."""

from .definition import Mart, describe_columns
from .money_line import INPUTS, marketplaces

CATEGORY_COLUMNS = {
    "gross_sales": "Prices of the goods shipped.",
    "shipping": "What buyers paid for shipping and gift wrap.",
    "promotions": "Discounts that the seller bears, and points granted.",
    "refunds": "Prices, shipping and discounts paid back to buyers.",
    "reimbursements": "Paid by Amazon for lost or damaged goods and claims.",
    "referral_fees": "Commission and closing fees, less those that were returned.",
    "fba_fulfillment_fees": "Fulfillment by Amazon per unit, order or weight.",
    "storage_fees": "Storage and reserved capacity.",
    "long_term_storage_fees": "Storage of aged stock.",
    "advertising": "Bills for advertising; Amazon names no SKU in them.",
    "other_fees": "All other fees, such as subscription, coupons and deals.",
    "tax_collected": "Taxes that buyers paid, less those that were paid back.",
    "tax_withheld": "Taxes that Amazon keeps to remit them.",
    "other": "Whatever fits no other column.",
}
"""The categories that make the net proceeds, in the order of the columns."""


def _profit(name: str, period: str, day: str, source: str) -> Mart:
    sums = ",\n  ".join(
        f"SUM(CASE WHEN category = '{category}' THEN amount ELSE 0 END) AS {category}"
        for category in CATEGORY_COLUMNS
    )
    names = ", ".join(CATEGORY_COLUMNS)
    return Mart(
        name,
        f"Money of a SKU in a {period}, by marketplace and currency; what belongs to no SKU has"
        " rows with sku NULL, so that everything adds up to the payouts.",
        (
            f"Which SKUs earned most per {period}?",
            f"SELECT {day}, sku, currency_code, units, net_proceeds, margin FROM {name}"
            f" WHERE sku IS NOT NULL ORDER BY net_proceeds DESC LIMIT 10",
        ),
        describe_columns(
            text={
                "selling_partner": "Account.",
                "marketplace_id": "Marketplace; NULL where events name none.",
                "sku": "Seller's SKU; NULL for amounts that belong to none.",
                "currency_code": "Currency of all amounts.",
            },
            date={day: f"The {period}, in the marketplace's time zone."},
            bigint={
                "units": "Units shipped.",
                "refunded_units": "Units that were refunded.",
            },
            decimal={
                **CATEGORY_COLUMNS,
                "net_proceeds": "The sum of the columns before.",
                "cogs": "Cost of the units shipped less those refunded; NULL if a unit cost lacks.",
                "margin": "Net proceeds without the taxes collected and withheld, less cogs.",
                "deferred": "Earned but not released by Amazon yet; not part of net proceeds.",
                "transfers": "Reserves, loans and disbursements; not part of net proceeds.",
            },
        ),
        source.format(sums=sums, names=names),
        INPUTS,
    )


SKU_PROFIT_DAILY = _profit(
    "sku_profit_daily",
    "day",
    "day",
    f"""
WITH marketplaces AS ({marketplaces()}),
currencies AS (
  SELECT selling_partner, linked_to_id, MAX(currency_code) AS currency_code
  FROM components WHERE linked_to = 'SHIPMENT_EVENT_ITEM' GROUP BY selling_partner, linked_to_id
),
amounts AS (
  SELECT selling_partner, marketplace_id, sku, currency_code, day, category, amount,
    0 AS units, 0 AS refunded_units
  FROM money_line
  UNION ALL
  SELECT i.selling_partner, m.marketplace_id, i.seller_sku AS sku,
    COALESCE(c.currency_code, g.currency_code) AS currency_code,
    COALESCE(LOCAL_DAY(e.posted_date, m.time_zone), i.posted_day) AS day,
    NULL AS category, 0 AS amount,
    CASE WHEN e.event_type = 'shipment_event' THEN i.quantity_shipped ELSE 0 END AS units,
    CASE WHEN e.event_type = 'refund_event' THEN i.quantity_shipped ELSE 0 END AS refunded_units
  FROM shipment_items AS i
  JOIN shipment_events AS e
    ON e.id = i.financial_shipment_event_id AND e.selling_partner = i.selling_partner
  LEFT JOIN currencies AS c ON c.linked_to_id = i.id AND c.selling_partner = i.selling_partner
  LEFT JOIN group_currencies AS g
    ON g.financial_event_group_id = i.financial_event_group_id
    AND g.selling_partner = i.selling_partner
  LEFT JOIN marketplaces AS m ON m.name = LOWER(e.marketplace_name)
  UNION ALL
  SELECT d.selling_partner, d.marketplace_id, NULL AS sku, d.currency_code,
    LOCAL_DAY(d.posted_date, COALESCE(m.time_zone, 'UTC')) AS day,
    'deferred' AS category, d.amount, 0 AS units, 0 AS refunded_units
  FROM deferred_transactions AS d
  LEFT JOIN (
    SELECT marketplace_id, MAX(time_zone) AS time_zone FROM marketplaces GROUP BY marketplace_id
  ) AS m ON m.marketplace_id = d.marketplace_id
),
days AS (
  SELECT selling_partner, marketplace_id, sku, currency_code, day,
    SUM(units) AS units, SUM(refunded_units) AS refunded_units,
    {{sums}},
    SUM(CASE WHEN category = 'deferred' THEN amount ELSE 0 END) AS deferred,
    SUM(CASE WHEN category = 'transfers' THEN amount ELSE 0 END) AS transfers
  FROM amounts
  GROUP BY selling_partner, marketplace_id, sku, currency_code, day
),
costs AS (
  SELECT sku, currency, unit_cost, valid_from,
    LEAD(valid_from) OVER (
      PARTITION BY sku, currency ORDER BY valid_from, unit_cost
    ) AS valid_until
  FROM (
    SELECT sku, currency, unit_cost, COALESCE(valid_from, CAST('1900-01-01' AS DATE)) AS valid_from
    FROM unit_costs
  ) AS dated
),
costed AS (
  SELECT d.*, (d.units - d.refunded_units) * c.unit_cost AS cogs,
    {" + ".join(CATEGORY_COLUMNS)} AS net_proceeds
  FROM days AS d
  LEFT JOIN costs AS c
    ON c.sku = d.sku AND c.currency = d.currency_code AND c.valid_from <= d.day
    AND (c.valid_until IS NULL OR d.day < c.valid_until)
)
SELECT selling_partner, marketplace_id, sku, currency_code, day, units, refunded_units,
  {{names}}, net_proceeds, cogs,
  net_proceeds - tax_collected - tax_withheld - cogs AS margin, deferred, transfers
FROM costed
""",
)

_SUMMED = (
    *("units", "refunded_units", *CATEGORY_COLUMNS),
    *("net_proceeds", "cogs", "margin", "deferred", "transfers"),
)


def _sum(name: str) -> str:
    """The sum of a column over days; of costs only if those of all days are known."""
    if name in ("cogs", "margin"):
        return f"CASE WHEN COUNT({name}) = COUNT(*) THEN SUM({name}) END AS {name}"
    return f"SUM({name}) AS {name}"


SKU_PROFIT_MONTHLY = _profit(
    "sku_profit_monthly",
    "month",
    "month",
    f"""
SELECT selling_partner, marketplace_id, sku, currency_code,
  CAST(DATE_TRUNC('month', day) AS DATE) AS month,
  {", ".join(map(_sum, _SUMMED))}
FROM sku_profit_daily
GROUP BY selling_partner, marketplace_id, sku, currency_code, CAST(DATE_TRUNC('month', day) AS DATE)
""",
)
