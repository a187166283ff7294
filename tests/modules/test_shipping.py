"""Packages that Amazon carries: followed until they arrive, no PII unasked, ids from the settings."""

import json
from typing import Any, Dict, Iterator, List

import pytest
from dlt.common import pendulum

from amazon_selling_partner.client.errors import ConfigurationError
from amazon_selling_partner.loading.summary import failed, problems
from amazon_selling_partner.modules.shipping import (
    CARRIERS,
    GET_ADDITIONAL_INPUTS,
    GET_DOCUMENTS,
    GET_TRACKING,
    _packages,
)
from amazon_selling_partner.settings import validate_shipping_lookups
from sp_api_simulator import Simulator, VirtualClock
from sp_api_simulator.shipping import Package, ShippingStore, documents
from tests.amazon_models import fullest_answer, in_models, model, strict
from tests.simulator.conftest import Caller
from tests.support import assert_rows, dataset, load_instead, missing_values, rows, source_of

NOW = pendulum.datetime(2026, 6, 15, 12)
DAY = 24 * 3600
GB, IT = "A1F83G8C2ARO7P", "APJ6JRA9NG5V4"
ROLE = "Direct-to-Consumer Shipping (Restricted)"
ACCOUNT = {"selling_partner": "amazon_selling_partner"}


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator(
        clock=VirtualClock(NOW.timestamp()),
        orders_per_day=5,
        days=9,
        products=8,
        marketplaces=[GB, IT],
    ) as simulator:
        yield simulator


def load(pipeline: Any, sim: Simulator, *more: str, **settings: Any) -> None:
    source = source_of(
        sim,
        modules=["ORDERS", "SHIPPING"],
        region="EUROPE",
        historical_sync_time_frame="2026-06-01",
        **settings,
    )
    names = ("orders", "tracking", "shipment_document", "tracking_additional_input", *more)
    pipeline.run(source.with_resources(*names))


def sent(sim: Simulator, marketplace_id: str = GB) -> List[Any]:
    """Orders that the merchant sent, the last sent ones first."""
    now = sim.account.now()
    found = [
        sale
        for sale in sim.orders.sales()
        if sale.marketplace.id == marketplace_id and not sale.by_amazon and 0 < sale.shipped <= now
    ]
    return sorted(found, key=lambda sale: -sale.shipped)


def carry(sim: Simulator, sales: List[Any]) -> List[Package]:
    book = sim.account.store(ShippingStore)
    return [package for sale in sales for package in book.carry(sale.order_id)]


def truth(sim: Simulator, packages: List[Package], pii: bool = False) -> Dict[str, List[Any]]:
    """The rows of packages, by table."""
    now = sim.account.now()
    found: Dict[str, List[Any]] = {"tracking": [], "tracking__event_history": []}
    for package in packages:
        shown = package.to_json(now)
        ids = {**ACCOUNT, "tracking_id": package.tracking_id, "carrier_id": package.carrier_id}
        found["tracking"].append(
            {
                **ids,
                "alternate_leg_tracking_id": shown["alternateLegTrackingId"],
                "promised_delivery_date": shown["promisedDeliveryDate"],
                "summary__status": shown["summary"]["status"],
            }
        )
        for event in shown["eventHistory"]:
            place = event["location"]
            row = {
                **ids,
                "event_code": event["eventCode"],
                "event_time": event["eventTime"],
                "shipment_type": event["shipmentType"],
                "location__country_code": place["countryCode"],
                "location__state_or_region": place.get("stateOrRegion"),
            }
            if pii:
                row["location__city"] = place["city"]
                row["location__postal_code"] = place.get("postalCode")
            found["tracking__event_history"].append(row)
    return found


def assert_equals(pipeline: Any, expected: Dict[str, List[Any]]) -> None:
    for table, wanted in expected.items():
        assert wanted, table
        assert_rows(rows(pipeline, table), wanted)


@pytest.mark.slow
def test_packages_of_orders_are_followed_until_they_arrive(
    make_pipeline: Any, destination: str, sim: Simulator
) -> None:
    all_sent = sent(sim)
    under_way = [s for s in all_sent if s.delivered > sim.account.now()][:2]
    arrived = [s for s in all_sent if 0 < s.delivered <= sim.account.now()][:2]
    assert len(under_way) == 2 and len(arrived) == 2
    packages = carry(sim, under_way + arrived)
    # another business of Amazon Shipping, which a header names; all others go with UPS
    packages += carry(sim, sent(sim, IT)[:1])
    sim.clock.advance(600)
    pipeline = make_pipeline(destination)
    load(pipeline, sim)
    assert_equals(pipeline, truth(sim, packages))
    calls = sim.requests.of("getTracking")
    assert sorted(c.query["trackingId"] for c in calls) == sorted(p.tracking_id for p in packages)
    _, printed = in_models(GET_TRACKING)
    assert set(calls[0].query) <= {parameter["name"] for parameter in printed["parameters"]}
    (first,) = [
        r for r in rows(pipeline, "tracking") if r["tracking_id"] == packages[0].tracking_id
    ]
    assert first["order_id"] == under_way[0].order_id and first["marketplace_id"] == GB
    assert first["tracking_id"].startswith("0") and first["package_reference_id"] == "1"
    columns = pipeline.default_schema.tables["tracking__event_history"]["columns"]
    assert {n: c["data_type"] for n, c in columns.items() if not n.startswith("_dlt")} == {
        **{n: "text" for n in columns if not n.startswith("_dlt")},
        "event_time": "timestamp",
    }
    # no column for the location of the recipient
    columns = {**columns, **pipeline.default_schema.tables["tracking"]["columns"]}
    assert not [n for n in columns if n.endswith(("city", "postal_code", "proof_of_delivery"))]
    before = dataset(pipeline)

    sim.requests.clear()
    load(pipeline, sim)
    assert dataset(pipeline) == before
    still = {p.tracking_id for p in packages if not 0 < p.arrives <= sim.account.now()}
    requested = [call.query["trackingId"] for call in sim.requests.of("getTracking")]
    assert set(requested) == still and len(requested) == len(still) and len(still) < len(packages)

    # everything arrives; orders that change again do not bring them back
    sim.clock.advance(20 * DAY)
    load(pipeline, sim)
    assert_equals(pipeline, truth(sim, packages))
    assert {row["summary__status"] for row in rows(pipeline, "tracking")} == {"Delivered"}
    for sale in under_way + arrived:
        sim.orders.touch(sale.order_id)
    sim.clock.advance(DAY)
    sim.requests.clear()
    load(pipeline, sim)
    assert not sim.requests.of("getTracking")
    assert_equals(pipeline, truth(sim, packages))


def test_a_package_that_never_arrives_is_left_alone_before_its_events_expire(
    make_pipeline: Any, sim: Simulator
) -> None:
    pipeline = make_pipeline("duckdb")
    # one that left a week ago
    packages = carry(sim, sent(sim)[-1:])
    for package in packages:
        package.arrives = 0
    age = sim.account.now() / 1000 - packages[0].created / 1000
    assert age > 5 * DAY
    shipments = [{"tracking_id": packages[0].tracking_id, "carrier_id": "AMZN_UK"}]
    named = make_pipeline("duckdb", "named", "named")
    for seconds in (0, 43 * DAY - age, 3 * DAY):
        sim.clock.advance(seconds + 600)
        load(pipeline, sim)
        # the same, when it is known from the settings only
        settings = {"modules": ["SHIPPING"], "region": "EUROPE", "shipping_lookups": shipments}
        named.run(source_of(sim, **settings).with_resources("tracking"))
    for one in (pipeline, named):
        events = rows(one, "tracking__event_history")
        assert {row["event_code"] for row in events} == {"PickupDone", "Departed"}
    times = [
        request.time - packages[0].created / 1000 for request in sim.requests.of("getTracking")
    ]
    assert len(times) == 4 and 42 * DAY < max(times) < 45 * DAY


def test_shipments_of_the_settings_and_their_documents_and_inputs(
    make_pipeline: Any, destination: str, sim: Simulator
) -> None:
    package = carry(sim, sent(sim)[:1])[0]
    shipments = [
        {"tracking_id": package.tracking_id, "carrier_id": "AMZN_UK"},
        {"shipment_id": package.shipment_id, "package_client_reference_id": package.reference},
        {
            "rate_id": "0042",
            "request_token": sim.account.store(ShippingStore).quote("0042"),
            "tracking_id": "00unknown",
            "carrier_id": "AMZN_UK",
        },
        {"shipment_id": "a/b c", "package_client_reference_id": "0"},
    ]
    settings = {"modules": ["SHIPPING"], "region": "EUROPE", "shipping_lookups": shipments}
    pipeline = make_pipeline(destination)
    pipeline.run(source_of(sim, **settings))
    assert not sim.requests.of("searchOrders")
    assert_equals(pipeline, truth(sim, [package]))
    (inputs,) = rows(pipeline, "tracking_additional_input")
    assert inputs["rate_id"] == "0042" and "harmonizedSystemCode" in str(inputs["input_schema"])
    ids = {
        **ACCOUNT,
        "shipment_id": package.shipment_id,
        "package_client_reference_id": package.reference,
        "tracking_id": package.tracking_id,
    }
    expected = [
        {**ids, "position": number, "type": one["type"], "format": one["format"]}
        for number, one in enumerate(documents(package))
    ]
    assert_rows(rows(pipeline, "shipment_document"), expected)
    for operation in (GET_DOCUMENTS, GET_ADDITIONAL_INPUTS):
        _, printed = in_models(operation)
        for request in sim.requests.of(operation.name):
            assert set(request.query) <= {p["name"] for p in printed["parameters"]}
    reported = "".join(problems(pipeline))
    assert "tracking: Amazon Shipping has nothing on 1 shipments" in reported
    assert "shipment_document: Amazon Shipping has nothing on 1 shipments (status 404" in reported
    label = documents(package)[0]["contents"]
    written = json.dumps(dataset(pipeline), default=str) + json.dumps(pipeline.state, default=str)
    assert label not in written and package.address["name"] not in written
    assert "amzn1.rq" not in written

    sim.requests.clear()
    before = dataset(pipeline)
    pipeline.run(source_of(sim, **settings))
    assert dataset(pipeline) == before
    assert not sim.requests.of("getAdditionalInputs")
    assert len(sim.requests.of("getShipmentDocuments")) == 1
    assert len(sim.requests.of("getTracking")) == 2

    # with PII the files are loaded too, once
    for times in (1, 0):
        sim.requests.clear()
        pipeline.run(source_of(sim, **settings, include_pii=True))
        successes = [r for r in sim.requests.of("getShipmentDocuments") if r.status == 200]
        assert len(successes) == times
    contents = [{**ids, "contents": one["contents"]} for one in documents(package)]
    assert_rows(rows(pipeline, "shipment_document"), contents)
    pipeline.run(source_of(sim, **settings))
    assert_rows(rows(pipeline, "shipment_document"), contents)


def test_with_include_pii_city_and_postal_code_come(make_pipeline: Any, sim: Simulator) -> None:
    packages = carry(sim, sent(sim)[-2:])
    sim.clock.advance(600)
    pipeline = make_pipeline("duckdb")
    load(pipeline, sim, include_pii=True)
    assert_equals(pipeline, truth(sim, packages, pii=True))


def test_every_field_of_amazons_models_reaches_a_column(
    make_pipeline: Any, destination: str, sim: Simulator
) -> None:
    operations = (GET_TRACKING, GET_DOCUMENTS, GET_ADDITIONAL_INPUTS)
    answers = {operation: fullest_answer(operation) for operation in operations}
    answers[GET_TRACKING]["payload"]["summary"]["proofOfDelivery"] = {"signedBy": "Ann"}
    answers[GET_ADDITIONAL_INPUTS]["payload"] = {"title": "inputs", "required": ["00a"]}
    shipment = {
        "tracking_id": answers[GET_TRACKING]["payload"]["trackingId"],
        "carrier_id": "AMZN_UK",
        "shipment_id": answers[GET_DOCUMENTS]["payload"]["shipmentId"],
        "package_client_reference_id": answers[GET_DOCUMENTS]["payload"]["packageDocumentDetail"][
            "packageClientReferenceId"
        ],
        "rate_id": "1",
        "request_token": "2",
    }
    settings = {"modules": ["SHIPPING"], "region": "EUROPE", "shipping_lookups": [shipment]}
    pipeline = make_pipeline(destination)
    load_instead(sim, pipeline, source_of(sim, **settings, include_pii=True), answers)
    for answer in answers.values():
        assert missing_values(pipeline, answer) == []
    for table in pipeline.default_schema.data_tables():
        assert len(table["name"]) <= 63 and all(len(name) <= 63 for name in table["columns"])
    bare = make_pipeline(destination, "bare", "bare")
    load_instead(sim, bare, source_of(sim, **settings), answers)
    location = answers[GET_TRACKING]["payload"]["eventHistory"][0]["location"]
    missing = [
        *missing_values(bare, answers[GET_TRACKING]),
        *missing_values(bare, answers[GET_DOCUMENTS]),
    ]
    document = answers[GET_DOCUMENTS]["payload"]["packageDocumentDetail"]["packageDocuments"][0]
    assert sorted(missing) == sorted(
        ["Ann", location["city"], location["postalCode"], document["contents"]]
    )


def test_what_cannot_be_read_is_kept_aside_and_answers_may_be_empty(
    make_pipeline: Any, sim: Simulator
) -> None:
    # as Amazon really responded (models issue 4923)
    summary = {"proofOfDelivery": None, "status": None, "trackingDetailCodes": None}
    empty = {
        "alternateLegTrackingId": None,
        "eventHistory": ["no object", {"eventCode": "Departed", "location": None}],
        "promisedDeliveryDate": None,
        "summary": summary,
        "trackingId": None,
    }
    label = "c2VjcmV0"
    odd = {
        "shipmentId": 7,
        "packageDocumentDetail": {"packageDocuments": [label, {"type": "LABEL"}]},
    }
    shipments = [
        {"tracking_id": f"000{number}", "carrier_id": "AMZN_UK"} for number in range(4)
    ] + [{"shipment_id": f"00{number}", "package_client_reference_id": "1"} for number in range(2)]
    for number, body in enumerate(({"payload": empty}, {"payload": [1]}, {}, [])):
        sim.faults.add("answer", "getTracking", skip=number, times=1, body=body)
    sim.faults.add("answer", "getShipmentDocuments", times=1, body={"payload": odd})
    sim.faults.add("answer", "getShipmentDocuments", skip=1, body={"payload": {"contents": label}})
    pipeline = make_pipeline("duckdb")
    pipeline.run(source_of(sim, modules=["SHIPPING"], region="EUROPE", shipping_lookups=shipments))
    (row,) = rows(pipeline, "tracking")
    assert row["tracking_id"] == "0000" and row["summary__status"] is None
    (event,) = rows(pipeline, "tracking__event_history")
    assert event["tracking_id"] == "0000" and event["event_code"] == "Departed"
    (document,) = rows(pipeline, "shipment_document")
    assert document["position"] == 1 and document["shipment_id"] == "000"
    rejected = rows(pipeline, "rejected_row")
    assert sorted(row["table_name"] for row in rejected) == [
        "shipment_document",
        "shipment_document",
        "tracking",
        "tracking__event_history",
    ]
    assert label not in json.dumps(dataset(pipeline), default=str)
    assert not failed(pipeline)


def test_a_failed_call_is_made_up_for_and_a_missing_role_skips_the_tables(
    make_pipeline: Any, sim: Simulator
) -> None:
    packages = carry(sim, sent(sim)[:5])
    sim.clock.advance(600)
    pipeline = make_pipeline("duckdb")
    sim.faults.add("status", "getTracking", skip=2, status=500)
    load(pipeline, sim)
    assert failed(pipeline) and len(rows(pipeline, "tracking")) == 2
    assert rows(pipeline, "orders")
    sim.faults.clear()
    sim.faults.add("expired_token", "getTracking", times=1)
    load(pipeline, sim)
    assert not failed(pipeline)
    assert_equals(pipeline, truth(sim, packages))
    sim.account.roles.discard(ROLE)
    other = make_pipeline("duckdb", "other", "other")
    load(other, sim)
    (sentence,) = problems(other)
    assert sentence.startswith("tracking was skipped") and ROLE in sentence
    sim.account.roles.add(ROLE)
    # the orders are not read again, their packages are known
    load(other, sim)
    assert_equals(other, truth(sim, packages))


@pytest.mark.parametrize(
    "wrong",
    [
        "AMZN_UK",
        {"tracking_id": "1", "carrier_id": "AMZN_UK"},
        ["1"],
        [{}],
        [{"tracking_id": "1"}],
        [{"tracking_id": "1", "carrier_id": ""}],
        [{"tracking_id": 1, "carrier_id": "AMZN_UK"}],
        [{"tracking_id": "1", "carrier_id": "AMZN_UK", "shipment_id": "2"}],
        [{"tracking_id": "1", "carrier_id": "AMZN_UK", "tracking": "2"}],
    ],
)
def test_a_wrong_shipment_is_named(wrong: Any) -> None:
    with pytest.raises(ConfigurationError, match="shipping_lookups") as caught:
        validate_shipping_lookups(wrong)
    assert "\n" not in str(caught.value) and "tracking_id" in str(caught.value)
    assert validate_shipping_lookups(None) == ()


def test_the_simulators_shipments_are_as_the_model_says(sim: Simulator) -> None:
    loaded = model("shipping_v2")
    caller = Caller(sim)
    italian = carry(sim, sent(sim, IT)[:1])[0]
    package = carry(sim, sent(sim)[-1:])[0]
    tracking = {"trackingId": package.tracking_id, "carrierId": package.carrier_id}
    heard = caller.get("/shipping/v2/tracking", **tracking)
    strict(loaded, "GetTrackingResponse").validate(heard.json)
    assert heard.json["payload"]["eventHistory"][-1]["eventCode"] == "Delivered"
    whole = f"/shipping/v2/shipments/{package.shipment_id}/documents"
    heard = caller.get(whole, packageClientReferenceId=package.reference, dpi="300.5")
    strict(loaded, "GetShipmentDocumentsResponse").validate(heard.json)
    token = sim.account.store(ShippingStore).quote("1")
    inputs = "/shipping/v2/shipments/additionalInputs/schema"
    heard = caller.get(inputs, rateId="1", requestToken=token)
    strict(loaded, "GetAdditionalInputsResponse").validate(heard.json)
    sim.clock.advance(600)
    assert caller.get(inputs, rateId="1", requestToken=token).status == 400
    # another carrier, and another business than the United Kingdom's
    assert caller.get("/shipping/v2/tracking", **{**tracking, "carrierId": "UPS"}).status == 404
    foreign = {"trackingId": italian.tracking_id, "carrierId": italian.carrier_id}
    assert caller.get("/shipping/v2/tracking", **foreign).status == 404
    assert caller.get("/shipping/v2/tracking", trackingId="1").status == 400
    caller.connection.close()


@pytest.mark.parametrize("carrier", ["Amazon", "AMZN_UK", "amazon shipping", "ATS"])
@pytest.mark.parametrize("marketplace_id, carrier_id", CARRIERS.items())
def test_a_package_of_an_order_is_looked_up_at_amazons_carrier_of_its_marketplace(
    carrier: str, marketplace_id: str, carrier_id: str
) -> None:
    parcel = {"trackingNumber": "1", "carrier": carrier}
    order = {"salesChannel": {"marketplaceId": marketplace_id}, "packages": [parcel]}
    (found,) = _packages([order], pendulum.datetime(2026, 6, 15))
    assert found["carrier_id"] == carrier_id
    assert not list(_packages([{**order, "packages": [{**parcel, "carrier": "Atside"}]}], NOW))
