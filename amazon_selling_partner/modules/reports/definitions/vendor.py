"""Retail analytics of vendors: sales, inventory, traffic, margins, forecasts and the last hours.

Spans and look-back of sales by day are from Amazon (issue 508 of its models); those of the other
periods are from its guides and other loaders. Where they are wrong, Amazon's FATAL document says so
and is followed.
"""

from datetime import timedelta
from itertools import product
from typing import Any, Dict, Iterator, Mapping, Tuple

from ..columns import columns
from ..report import Period, Report, ReportTable, by_period

ROLE = "Brand Analytics"

LIMITS: Mapping[Period, Mapping[str, Any]] = {
    # 14 days that may still change and the newest one fit into one request
    Period.DAY: dict(
        max_periods=15, history=1460, lag=timedelta(hours=72), restated=timedelta(days=14)
    ),
    Period.WEEK: dict(
        max_periods=7, history=8, lag=timedelta(hours=48), restated=timedelta(days=14)
    ),
    Period.MONTH: dict(
        max_periods=15, history=36, lag=timedelta(hours=72), restated=timedelta(days=30)
    ),
    Period.QUARTER: dict(
        max_periods=4, history=8, lag=timedelta(hours=72), restated=timedelta(days=30)
    ),
    Period.YEAR: dict(
        max_periods=2, history=3, lag=timedelta(hours=72), restated=timedelta(days=30)
    ),
}
MARGIN_LIMITS = {
    period: {**limits, "lag": timedelta(hours=168) if period is Period.DAY else limits["lag"]}
    for period, limits in LIMITS.items()
}
DOCUMENTED = (Period.DAY, Period.MONTH, Period.QUARTER)

DATES = columns(date="startDate endDate")
BY_ASIN = columns(date="startDate endDate", text="asin")
WINDOW_KEY = ("marketplace_id", "start_date", "end_date")
ASIN_KEY = WINDOW_KEY + ("asin",)

SALES = columns(
    bigint="customerReturns orderedUnits shippedUnits",
    money="orderedRevenue shippedCogs shippedRevenue",
)
RATES_OF_ALL = columns(double="procurableProductOutOfStockRate uft receiveFillRate")
INVENTORY = columns(
    double="vendorConfirmationRate averageVendorLeadTimeDays sellThroughRate",
    bigint="netReceivedInventoryUnits openPurchaseOrderUnits unfilledCustomerOrderedUnits"
    " sellableOnHandInventoryUnits unsellableOnHandInventoryUnits"
    " aged90PlusDaysSellableInventoryUnits unhealthyInventoryUnits",
    money="netReceivedInventoryCost sellableOnHandInventoryCost unsellableOnHandInventoryCost"
    " aged90PlusDaysSellableInventoryCost unhealthyInventoryCost",
)

VIEWS = ("MANUFACTURING", "SOURCING")
SALES_PROGRAMS = ("BUSINESS", "FRESH", "RETAIL")
INVENTORY_PROGRAMS = ("FRESH", "RETAIL")
PERIODS = ("DAY", "WEEK", "MONTH", "QUARTER", "YEAR")


def _selected(limits: Mapping[Period, Mapping[str, Any]]) -> Dict[Period, Dict[str, Any]]:
    return {p: {**fields, "selected": p in DOCUMENTED} for p, fields in limits.items()}


def _aggregate_and_asins(
    name: str, lists: Tuple[str, str], of_all: Mapping[str, str], values: Mapping[str, str]
) -> Tuple[ReportTable, ReportTable]:
    return (
        ReportTable(
            name + "_report_{period}",
            lists[0],
            WINDOW_KEY,
            {**DATES, **of_all, **values},
            date_column="start_date",
        ),
        ReportTable(
            name + "_asin_report_{period}",
            lists[1],
            ASIN_KEY,
            {**BY_ASIN, **values},
            date_column="start_date",
        ),
    )


def _vendor(name: str, report_type: str, tables: Tuple[ReportTable, ...], **more: Any) -> Report:
    return Report(
        name,
        report_type,
        tables,
        format="json",
        role=ROLE,
        account="vendor",
        documented_by="schema",
        **more,
    )


def _sales() -> Iterator[Report]:
    for view, program in product(VIEWS, SALES_PROGRAMS):
        name = f"vendor_sales_{view}_{program}".lower()
        yield from by_period(
            _vendor(
                name + "_report_{period}",
                "GET_VENDOR_SALES_REPORT",
                _aggregate_and_asins(name, ("salesAggregate", "salesByAsin"), {}, SALES),
                options={"distributorView": view, "sellingProgram": program},
                choices={
                    "reportPeriod": PERIODS,
                    "distributorView": VIEWS,
                    "sellingProgram": SALES_PROGRAMS,
                },
            ),
            _selected(LIMITS),
            "reportPeriod",
        )


def _inventory() -> Iterator[Report]:
    for view, program in product(VIEWS, INVENTORY_PROGRAMS):
        name = f"vendor_inventory_{view}_{program}".lower()
        yield from by_period(
            _vendor(
                name + "_report_{period}",
                "GET_VENDOR_INVENTORY_REPORT",
                _aggregate_and_asins(
                    name, ("inventoryAggregate", "inventoryByAsin"), RATES_OF_ALL, INVENTORY
                ),
                options={"distributorView": view, "sellingProgram": program},
                choices={
                    "reportPeriod": PERIODS,
                    "distributorView": VIEWS,
                    "sellingProgram": INVENTORY_PROGRAMS,
                },
            ),
            _selected(LIMITS),
            "reportPeriod",
        )


def _traffic_and_margins() -> Iterator[Report]:
    yield from by_period(
        _vendor(
            "vendor_traffic_report_{period}",
            "GET_VENDOR_TRAFFIC_REPORT",
            _aggregate_and_asins(
                "vendor_traffic",
                ("trafficAggregate", "trafficByAsin"),
                {},
                columns(bigint="glanceViews"),
            ),
            choices={"reportPeriod": PERIODS},
        ),
        _selected(LIMITS),
        "reportPeriod",
    )
    margin = columns(double="netPureProductMargin")
    yield from by_period(
        _vendor(
            "net_pure_product_margin_report_{period}",
            "GET_VENDOR_NET_PURE_PRODUCT_MARGIN_REPORT",
            (
                # here the documented name holds the rows by ASIN, unlike in the other reports
                ReportTable(
                    "net_pure_product_margin_report_{period}",
                    "netPureProductMarginByAsin",
                    ASIN_KEY,
                    {**BY_ASIN, **margin},
                    date_column="start_date",
                ),
                ReportTable(
                    "net_pure_product_margin_aggregate_report_{period}",
                    "netPureProductMarginAggregate",
                    WINDOW_KEY,
                    {**DATES, **margin},
                    date_column="start_date",
                ),
            ),
            choices={"reportPeriod": PERIODS},
        ),
        _selected(MARGIN_LIMITS),
        "reportPeriod",
    )


def _forecasts() -> Iterator[Report]:
    for program in INVENTORY_PROGRAMS:
        name = f"vendor_forecasting_{program}_report".lower()
        yield _vendor(
            name,
            "GET_VENDOR_FORECASTING_REPORT",
            (
                ReportTable(
                    name,
                    "forecastByAsin",
                    (
                        "marketplace_id",
                        "forecast_generation_date",
                        "asin",
                        "start_date",
                        "end_date",
                    ),
                    columns(
                        date="forecastGenerationDate startDate endDate",
                        text="asin",
                        double="meanForecastUnits p70ForecastUnits p80ForecastUnits"
                        " p90ForecastUnits",
                    ),
                    # each week's forecast stays, to be compared with what was sold
                    merge_key=("marketplace_id", "forecast_generation_date"),
                ),
            ),
            options={"sellingProgram": program},
            choices={"sellingProgram": INVENTORY_PROGRAMS},
            interval=timedelta(hours=20),
            selected=True,
        )


def _last_hours() -> Iterator[Report]:
    hours = columns(timestamp="startTime endTime", text="asin")
    for what, values, history, span, lag, options in (
        ("sales", columns(bigint="orderedUnits", decimal="orderedRevenue"), 720, 24, 5, True),
        ("traffic", columns(bigint="glanceViews"), 720, 24, 60, False),
        # Amazon shows 168 hours; a request may have to wait for its turn
        ("inventory", columns(bigint="highlyAvailableInventory"), 165, 24, 60, False),
    ):
        name = f"rapid_retail_analytics_{what}_report_hourly"
        yield _vendor(
            name,
            f"GET_VENDOR_REAL_TIME_{what.upper()}_REPORT",
            (
                ReportTable(
                    name,
                    "reportData",
                    ("marketplace_id", "start_time", "end_time", "asin"),
                    {**hours, **values},
                    date_column="start_time",
                ),
            ),
            # the schema requires the currency: it is the marketplace's
            options={"currencyCode": "{currency}"} if options else {},
            period=Period.HOUR,
            max_periods=span,
            history=history,
            lag=timedelta(minutes=lag),
            restated=timedelta(hours=6),
            selected=True,
        )


VENDOR_REPORTS: Tuple[Report, ...] = (
    *_sales(),
    *_inventory(),
    *_traffic_and_margins(),
    *_forecasts(),
    *_last_hours(),
)
