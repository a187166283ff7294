"""Lists of records inside of records: tables of their own, in every destination."""

import json
from collections import Counter
from decimal import Decimal
from typing import Any

from tests.support import rows

from .support import NOW, account
from .test_loads import load


def test_lists_inside_of_a_document_are_tables(destination: str, make_pipeline: Any) -> None:
    """Products of a promotion have their own rows, with money as money, and vanish with it."""
    with account() as seller:
        pipeline = make_pipeline(destination)
        kind = "GET_PROMOTION_PERFORMANCE_REPORT"
        product = '{"asin": "0131103628", "productUnitsSold": 2, "productRevenue": 12.50}'
        other = '{"asin": "B01", "productUnitsSold": 1, "productRevenue": 0.10}'

        def document(*products: str) -> bytes:
            promotion = f'"promotionId": "0001", "includedProducts": [{",".join(products)}]'
            return f'{{"promotions": [{{{promotion}, "unitsSold": 3}}]}}'.encode()

        seller.book.documents[kind] = document(product, other)
        since = NOW.subtract(days=3)
        load(pipeline, seller.source("promotion_report", since=since))
        assert [row["units_sold"] for row in rows(pipeline, "promotion_report")] == [3]
        found = rows(pipeline, "promotion_product_report", "asin")
        assert [(r["promotion_id"], r["asin"], r["product_revenue"]) for r in found] == [
            ("0001", "0131103628", Decimal("12.50")),
            ("0001", "B01", Decimal("0.10")),
        ]
        seller.clock.advance(86400)
        seller.book.documents[kind] = document(other)
        load(pipeline, seller.source("promotion_report", since=since))
        assert [r["asin"] for r in rows(pipeline, "promotion_product_report")] == ["B01"]


def test_lists_inside_of_lists_are_loaded_completely(destination: str, make_pipeline: Any) -> None:
    """Campaigns, their coupons, the ASINs of these: more of them than are read at once."""
    count = 1200
    campaigns = [
        {
            "campaignId": f"{number:05d}",
            "campaignName": f'"{number} é\t',
            "totalBudget": number + 0.25,
            "coupons": [
                {
                    "couponId": f"{number:05d}-{place}",
                    "clips": place,
                    "asins": [{"asin": f"B{place:09d}", "discountAmount": 0.1 * place}] * place,
                }
                for place in range(number % 4)
            ],
        }
        for number in range(count)
    ]
    with account(vendor=True) as seller:
        pipeline = make_pipeline(destination)
        document = json.dumps({"campaigns": campaigns}, ensure_ascii=False)
        seller.book.documents["GET_COUPON_PERFORMANCE_REPORT"] = document.encode()
        load(pipeline, seller.source("coupon_campaign_report", since=NOW.subtract(days=3)))
        found = rows(pipeline, "coupon_campaign_report", "campaign_id")
        assert [(r["campaign_id"], r["campaign_name"], r["total_budget"]) for r in found] == [
            (c["campaignId"], c["campaignName"], Decimal(str(c["totalBudget"]))) for c in campaigns
        ]
        coupons = [(c["campaignId"], each) for c in campaigns for each in c["coupons"]]
        held = rows(pipeline, "coupon_campaign_coupon_report", "coupon_id")
        assert [(r["campaign_id"], r["coupon_id"], r["clips"]) for r in held] == [
            (above, each["couponId"], each["clips"]) for above, each in coupons
        ]
        asins = Counter(
            (above, each["couponId"], item["asin"], Decimal(str(item["discountAmount"])))
            for above, each in coupons
            for item in each["asins"]
        )
        assert asins == Counter(
            (r["campaign_id"], r["coupon_id"], r["asin"], r["discount_amount"])
            for r in rows(pipeline, "coupon_campaign_asin_report")
        )
        assert max(asins.values()) == 2
        assert rows(pipeline, "report_run")[0]["row_count"] == count + len(coupons) + asins.total()
