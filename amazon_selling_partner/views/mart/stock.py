"""Stock, returns, offers and traffic."""

from ..mapping import given, view
from .definition import Mart, describe_columns

_ORDER_ITEMS = view(
    "order_items",
    "",
    "orders__order_items",
    given(
        text="sku=product__seller_sku asin=product__asin"
        " marketplace_id=r.sales_channel__marketplace_id status=r.fulfillment__fulfillment_status",
        timestamp="created_time=r.created_time",
        bigint="quantity_ordered",
    ),
    marketplace="",
)

_AGES = (
    *("inv_age_181_to_270_days", "inv_age_271_to_365_days", "inv_age_365_plus_days"),
    *("inv_age_181_to_330_days", "inv_age_331_to_365_days"),
    *("inv_age_366_to_455_days", "inv_age_456_plus_days"),
)
_AGED = """COALESCE(inv_age_181_to_270_days, inv_age_181_to_330_days, 0)
      + COALESCE(inv_age_271_to_365_days, inv_age_331_to_365_days, 0)
      + COALESCE(inv_age_365_plus_days, inv_age_366_to_455_days, 0)
      + CASE WHEN inv_age_365_plus_days IS NULL THEN COALESCE(inv_age_456_plus_days, 0) ELSE 0
      END"""
"""Files have one or another division of the days."""

_FEES = tuple(
    f"estimated_ais_{days}_days"
    for days in (
        *("181_210", "211_240", "241_270", "271_300", "301_330", "331_365"),
        *("365_plus", "366_455", "456_plus"),
    )
)
_AGED_FEE = f"""{" + ".join(f"COALESCE({fee}, 0)" for fee in _FEES[:6])}
      + COALESCE({_FEES[6]}, {_FEES[7]}, 0)
      + CASE WHEN {_FEES[6]} IS NULL THEN COALESCE({_FEES[8]}, 0) ELSE 0 END"""

_LATEST = """latest AS (
  SELECT selling_partner, MAX(created_time) AS newest FROM order_items GROUP BY selling_partner
)"""

INVENTORY_COVER = Mart(
    "inventory_cover",
    "Stock of a SKU at Amazon in a marketplace, with its own labels and without, how fast it sells,"
    " and how long it lasts. Stock of Pan-European accounts is the same in each country: do not sum"
    " it over marketplaces.",
    (
        "What runs out within two weeks?",
        "SELECT marketplace_id, sku, available, inbound, days_of_cover, runs_out_on"
        " FROM inventory_cover WHERE days_of_cover < 14 ORDER BY days_of_cover",
    ),
    describe_columns(
        text={
            "selling_partner": "Account.",
            "marketplace_id": "Marketplace.",
            "sku": "Seller's SKU.",
            "asin": "ASIN.",
            "product_name": "Amazon's name of the product.",
        },
        bigint={
            "available": "Units that can be sold now.",
            "reserved": "Units reserved for orders and transfers.",
            "inbound": "Units on their way to Amazon, or being received.",
            "sold_7_days": "Units ordered in the 7 days before the newest loaded order.",
            "sold_30_days": "In the 30 days before it.",
            "sold_90_days": "In the 90 days before it.",
            "aged_over_180_days": "Units that are there for longer, by the planning report.",
        },
        double={"days_of_cover": "Available units by the daily sales of 30 days."},
        date={"runs_out_on": "The day on which the available units are sold at that rate."},
        decimal={"aged_storage_fee": "What the planning report estimates for aged stock."},
    ),
    f"""
WITH {_LATEST},
sold AS (
  SELECT o.selling_partner, o.marketplace_id, o.sku,
    SUM(CASE WHEN o.created_time > l.newest - INTERVAL '7' DAY THEN o.quantity_ordered ELSE 0 END)
      AS sold_7_days,
    SUM(CASE WHEN o.created_time > l.newest - INTERVAL '30' DAY THEN o.quantity_ordered ELSE 0 END)
      AS sold_30_days,
    SUM(o.quantity_ordered) AS sold_90_days, MAX(l.newest) AS newest
  FROM order_items AS o JOIN latest AS l ON l.selling_partner = o.selling_partner
  WHERE o.created_time > l.newest - INTERVAL '90' DAY AND COALESCE(o.status, '') <> 'CANCELLED'
  GROUP BY o.selling_partner, o.marketplace_id, o.sku
),
held AS (
  SELECT selling_partner, marketplace_id, sku, MAX(asin) AS asin,
    MAX(product_name) AS product_name, SUM(available) AS available, SUM(reserved) AS reserved,
    SUM(COALESCE(inbound_working_quantity, 0) + COALESCE(inbound_shipped_quantity, 0)
      + COALESCE(inbound_receiving_quantity, 0)) AS inbound
  FROM stock GROUP BY selling_partner, marketplace_id, sku
),
planned AS (
  SELECT selling_partner, marketplace_id, sku,
    SUM({_AGED}) AS aged,
    SUM({_AGED_FEE}) AS fee
  FROM planning GROUP BY selling_partner, marketplace_id, sku
)
SELECT
  s.selling_partner, s.marketplace_id, s.sku, s.asin, s.product_name, s.available, s.reserved,
  s.inbound,
  COALESCE(o.sold_7_days, 0) AS sold_7_days, COALESCE(o.sold_30_days, 0) AS sold_30_days,
  COALESCE(o.sold_90_days, 0) AS sold_90_days, p.aged AS aged_over_180_days,
  CASE WHEN o.sold_30_days > 0 THEN CAST(s.available * 30 AS DOUBLE) / o.sold_30_days END
    AS days_of_cover,
  CASE WHEN o.sold_30_days > 0 AND s.available * 30 / o.sold_30_days < 36500
    THEN ADD_DAYS(LOCAL_DAY(o.newest, 'UTC'), CAST(FLOOR(s.available * 30 / o.sold_30_days) AS INT))
  END AS runs_out_on,
  p.fee AS aged_storage_fee
FROM held AS s
LEFT JOIN sold AS o
  ON o.selling_partner = s.selling_partner AND o.marketplace_id = s.marketplace_id AND o.sku = s.sku
LEFT JOIN planned AS p
  ON p.selling_partner = s.selling_partner AND p.marketplace_id = s.marketplace_id AND p.sku = s.sku
""",
    {
        known.name: known
        for known in (
            _ORDER_ITEMS,
            view(
                "stock",
                "",
                "fba_inventory_summary",
                given(
                    text="marketplace_id sku=seller_sku asin product_name",
                    bigint="available=fulfillable_quantity reserved=total_reserved_quantity"
                    " inbound_working_quantity inbound_shipped_quantity inbound_receiving_quantity",
                ),
                where='r."deleted_at" IS NULL',
                marketplace="",
            ),
            view(
                "planning",
                "",
                "fba_inventory_planning_report",
                given(text="marketplace_id sku", bigint=" ".join(_AGES), decimal=" ".join(_FEES)),
                marketplace="",
            ),
        )
    },
)

RETURNS_BY_REASON = Mart(
    "returns_by_reason",
    "Units that buyers returned to Amazon's warehouses, by month, SKU and reason.",
    (
        "Which products come back as defective?",
        "SELECT sku, sum(quantity) AS quantity FROM returns_by_reason"
        " WHERE reason = 'DEFECTIVE' GROUP BY sku ORDER BY quantity DESC",
    ),
    describe_columns(
        text={
            "selling_partner": "Account.",
            "sku": "Seller's SKU.",
            "asin": "ASIN.",
            "reason": "Reason that the buyer gave.",
            "disposition": "Condition in which the unit arrived.",
        },
        date={"month": "Month of the return."},
        bigint={"quantity": "Units returned.", "units_sold": "Units of the SKU ordered in it."},
        double={"share_of_units_sold": "Quantity by the units sold."},
    ),
    """
WITH sold AS (
  SELECT selling_partner, sku,
    CAST(DATE_TRUNC('month', LOCAL_DAY(created_time, 'UTC')) AS DATE) AS month,
    SUM(quantity_ordered) AS units_sold
  FROM order_items WHERE COALESCE(status, '') <> 'CANCELLED'
  GROUP BY selling_partner, sku, CAST(DATE_TRUNC('month', LOCAL_DAY(created_time, 'UTC')) AS DATE)
),
returned AS (
  SELECT selling_partner, sku, MAX(asin) AS asin, reason, disposition,
    CAST(DATE_TRUNC('month', return_date) AS DATE) AS month, SUM(quantity) AS quantity
  FROM fba_returns
  GROUP BY selling_partner, sku, reason, disposition, CAST(DATE_TRUNC('month', return_date) AS DATE)
)
SELECT r.selling_partner, r.sku, r.asin, r.reason, r.disposition, r.month, r.quantity, s.units_sold,
  CASE WHEN s.units_sold > 0 THEN CAST(r.quantity AS DOUBLE) / s.units_sold END
    AS share_of_units_sold
FROM returned AS r
LEFT JOIN sold AS s
  ON s.selling_partner = r.selling_partner AND s.sku = r.sku AND s.month = r.month
""",
    {
        known.name: known
        for known in (
            _ORDER_ITEMS,
            view(
                "fba_returns",
                "",
                "fba_returns_report",
                given(
                    text="sku asin reason disposition=detailed_disposition",
                    date="return_date",
                    bigint="quantity",
                ),
                marketplace="",
            ),
        )
    },
)

BUY_BOX_SHARE = Mart(
    "buy_box_share",
    "A product in a marketplace: who has the featured offer (buy box) now, and its share of time.",
    (
        "Where is the featured offer lost at present?",
        "SELECT marketplace_id, asin, own_price, featured_price FROM buy_box_share"
        " WHERE NOT has_featured_offer ORDER BY asin",
    ),
    describe_columns(
        text={
            "selling_partner": "Account.",
            "marketplace_id": "Marketplace.",
            "asin": "ASIN.",
            "item_condition": "Condition of the offers.",
            "currency_code": "Currency of the prices.",
        },
        timestamp={"retrieved_at": "When the offers were looked up, UTC."},
        bigint={"offers": "Offers that were shown."},
        bool={"has_featured_offer": "An offer of the account is the featured one."},
        decimal={
            "own_price": "Lowest price of the account's offers with shipping.",
            "featured_price": "Price of the featured offer with shipping.",
        },
        double={
            "share_of_views": "Share of page views with the featured offer in percent, by the sales"
            " and traffic reports that are loaded, weighted by views.",
        },
    ),
    """
WITH shares AS (
  SELECT selling_partner, marketplace_id, asin,
    SUM(buy_box_percentage * page_views) / NULLIF(SUM(page_views), 0) AS share_of_views
  FROM traffic GROUP BY selling_partner, marketplace_id, asin
)
SELECT o.selling_partner, o.marketplace_id, o.asin, o.item_condition,
  MAX(o.currency_code) AS currency_code, MAX(o.retrieved_at) AS retrieved_at,
  COUNT(*) AS offers,
  MAX(CASE WHEN o.my_offer AND o.is_buy_box_winner THEN 1 ELSE 0 END) = 1 AS has_featured_offer,
  MIN(CASE WHEN o.my_offer THEN o.listing_price + COALESCE(o.shipping, 0) END) AS own_price,
  MIN(CASE WHEN o.is_buy_box_winner THEN o.listing_price + COALESCE(o.shipping, 0) END)
    AS featured_price,
  MAX(s.share_of_views) AS share_of_views
FROM offers AS o
LEFT JOIN shares AS s
  ON s.selling_partner = o.selling_partner AND s.marketplace_id = o.marketplace_id
  AND s.asin = o.asin
GROUP BY o.selling_partner, o.marketplace_id, o.asin, o.item_condition
""",
    {
        known.name: known
        for known in (
            view(
                "offers",
                "",
                "item_offer_summary__offers",
                given(
                    text="marketplace_id asin item_condition"
                    " currency_code=listing_price__currency_code",
                    timestamp="retrieved_at=r.retrieved_at",
                    bool="my_offer is_buy_box_winner",
                    decimal="listing_price=listing_price__amount shipping=shipping__amount",
                ),
                where='r."deleted_at" IS NULL',
                marketplace="",
            ),
            view(
                "traffic",
                "",
                "sales_and_traffic_business_sku_report_daily",
                given(
                    text="marketplace_id asin=child_asin",
                    double="buy_box_percentage=traffic_by_asin_buy_box_percentage",
                    bigint="page_views=traffic_by_asin_page_views",
                ),
                marketplace="",
            ),
        )
    },
)

TRAFFIC_AND_CONVERSION = Mart(
    "traffic_and_conversion",
    "A day of a marketplace: visits, orders and sales, by the report or the Data Kiosk query.",
    (
        "How did conversion develop?",
        "SELECT day, sessions, conversion FROM traffic_and_conversion ORDER BY day",
    ),
    describe_columns(
        text={
            "selling_partner": "Account.",
            "marketplace_id": "Marketplace.",
            "currency_code": "Currency of the sales.",
        },
        date={"day": "Day in the marketplace's time zone."},
        bigint={
            "sessions": "Visits within 24 hours by a user.",
            "page_views": "Views of the account's products.",
            "units_ordered": "Units ordered.",
            "order_items": "Order items.",
        },
        decimal={"sales": "Sales of the products ordered."},
        double={
            "conversion": "Order items by session.",
            "average_price": "Sales by unit.",
            "buy_box_percentage": "Page views with the featured offer.",
        },
    ),
    """
WITH days AS (
  SELECT selling_partner, marketplace_id, currency_code, day, sessions, page_views, units_ordered,
    order_items, sales, buy_box_percentage
  FROM reported_traffic
  UNION ALL
  SELECT q.selling_partner, q.marketplace_id, q.currency_code, q.day, q.sessions, q.page_views,
    q.units_ordered, q.order_items, q.sales, q.buy_box_percentage
  FROM queried_traffic AS q
  LEFT JOIN reported_traffic AS r
    ON r.selling_partner = q.selling_partner AND r.marketplace_id = q.marketplace_id
    AND r.day = q.day
  WHERE r.day IS NULL
)
SELECT selling_partner, marketplace_id, currency_code, day, sessions, page_views, units_ordered,
  order_items, sales,
  CASE WHEN sessions > 0 THEN CAST(order_items AS DOUBLE) / sessions END AS conversion,
  CASE WHEN units_ordered > 0 THEN CAST(sales AS DOUBLE) / units_ordered END AS average_price,
  buy_box_percentage
FROM days
""",
    {
        known.name: known
        for known in (
            view(
                "reported_traffic",
                "",
                "sales_and_traffic_business_report_daily",
                given(
                    text="marketplace_id"
                    " currency_code=sales_by_date_ordered_product_sales_currency_code",
                    date="day=date",
                    bigint="sessions=traffic_by_date_sessions page_views=traffic_by_date_page_views"
                    " units_ordered=sales_by_date_units_ordered"
                    " order_items=sales_by_date_total_order_items",
                    decimal="sales=sales_by_date_ordered_product_sales_amount",
                    double="buy_box_percentage=traffic_by_date_buy_box_percentage",
                ),
                marketplace="",
            ),
            view(
                "queried_traffic",
                "",
                "sales_and_traffic_by_date_daily",
                given(
                    text="marketplace_id currency_code=sales__ordered_product_sales__currency_code",
                    date="day=start_date",
                    bigint="sessions=traffic__sessions page_views=traffic__page_views"
                    " units_ordered=sales__units_ordered order_items=sales__total_order_items",
                    decimal="sales=sales__ordered_product_sales__amount",
                    double="buy_box_percentage=traffic__buy_box_percentage",
                ),
                marketplace="",
            ),
        )
    },
)

MARTS = (INVENTORY_COVER, BUY_BOX_SHARE, RETURNS_BY_REASON, TRAFFIC_AND_CONVERSION)
