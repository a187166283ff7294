"""Sales and traffic 2024-04-24: what the report of that name has, for all marketplaces at once."""

from dataclasses import replace
from typing import Iterator

from ..reports import SALES_AND_TRAFFIC_FIELDS, Period, Query, Report, fields, query_report
from .limits import CALENDAR, PERIOD_NAMES, SINGLE

SHARED = SALES_AND_TRAFFIC_FIELDS


def sales_and_traffic() -> Iterator[Report]:
    """One query per period by date, one per period and granularity by ASIN, and the trends."""
    yield from _trends()
    for period, limits in CALENDAR.items():
        yield query_report(
            f"sales_and_traffic_by_date_{PERIOD_NAMES[period]}",
            Query(
                SHARED.DOMAIN,
                "salesAndTrafficByDate",
                f"aggregateBy:{period.name} startDate:$start endDate:$end"
                " marketplaceIds:$marketplaces",
                {
                    **SHARED.PERIOD_FIELDS,
                    "sales": SHARED.BY_DATE_SALES,
                    "traffic": SHARED.BY_DATE_TRAFFIC,
                },
                signals=("sales.unitsOrdered", "traffic.sessions"),
            ),
            SHARED.ROLE,
            period=period,
            selected=period is Period.DAY,
            # a row per period and marketplace: two years are one small document
            **{**limits, "max_periods": limits["history"]},
        )
    for granularity, key in SHARED.ASIN_KEYS.items():
        for period, limits in SINGLE.items():
            yield query_report(
                f"sales_and_traffic_by_{_level(granularity)}_{PERIOD_NAMES[period]}",
                Query(
                    SHARED.DOMAIN,
                    "salesAndTrafficByAsin",
                    f"aggregateBy:{granularity} startDate:$start endDate:$end"
                    " marketplaceIds:$marketplaces",
                    {
                        **SHARED.PERIOD_FIELDS,
                        **dict.fromkeys(key, "text"),
                        "sales": SHARED.BY_ASIN_SALES,
                        "traffic": SHARED.BY_ASIN_TRAFFIC,
                    },
                    ("marketplaceId", "startDate", "endDate", *key),
                    ("sales.unitsOrdered", "traffic.sessions"),
                ),
                SHARED.ROLE,
                period=period,
                **limits,
            )


def _trends() -> Iterator[Report]:
    """The whole history of 30 ASINs of a marketplace in one query."""
    for period, limits in CALENDAR.items():
        name = f"sales_and_traffic_trend_{PERIOD_NAMES[period]}"
        query = Query(
            SHARED.DOMAIN,
            "salesAndTrafficTrends",
            f"asinAggregation:CHILD dateAggregation:{period.name} startDate:$start endDate:$end"
            " filters:$filters",
            {
                **SHARED.PERIOD_FIELDS,
                **fields(text="parentAsin childAsin"),
                "sales": SHARED.BY_ASIN_SALES,
                "traffic": SHARED.BY_ASIN_TRAFFIC,
            },
            ("marketplaceId", "startDate", "endDate", "childAsin"),
            ("sales.unitsOrdered", "traffic.sessions"),
            # named as what its rows are replaced by
            renamed={"childAsin": "asin"},
        )
        report = query_report(
            name,
            query,
            SHARED.ROLE,
            period=period,
            asins="asins",
            **{**limits, "max_periods": limits["history"]},
        )
        (table,) = report.tables
        merge_key = ("marketplace_id", "window_start", "asin")
        yield replace(report, tables=(replace(table, merge_key=merge_key),))


def _level(granularity: str) -> str:
    return "sku" if granularity == "SKU" else f"{granularity.lower()}_asin"
