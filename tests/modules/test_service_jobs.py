"""Service jobs: those of the simulator, row by row, with all their parts."""

import json
from collections import Counter
from typing import Any, Dict, Iterator, List, Sequence

import pytest
from dlt.common import pendulum

from amazon_selling_partner.loading.summary import failed, problems
from amazon_selling_partner.modules.service_jobs import GET_JOBS
from sp_api_simulator import Simulator, VirtualClock
from sp_api_simulator.service_jobs import ServiceJobStore
from tests.amazon_models import fullest_answer, model, strict
from tests.support import (
    assert_rows,
    dataset,
    leaves,
    load_instead,
    loaded_values,
    missing_values,
    rows,
    source_of,
)

NOW = pendulum.datetime(2026, 6, 15, 12)
HOUR = 3600
ME = "amazon_selling_partner"
US, CA = "ATVPDKIKX0DER", "A2EUQ1WTGCTBG2"


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator(
        clock=VirtualClock(NOW.timestamp()), orders_per_day=20, days=12, products=24
    ) as simulator:
        yield simulator


def source(sim: Simulator, **settings: Any) -> Any:
    given = {"modules": ["SERVICES"], "historical_sync_time_frame": "2026-05-01"}
    return source_of(sim, **{**given, **settings})


def load(pipeline: Any, sim: Simulator, **settings: Any) -> int:
    """Runs the source; returns the end of its last window, milliseconds since 1970."""
    end = sim.account.now() - 120_000
    pipeline.run(source(sim, **settings))
    return end


def assert_jobs_equal_truth(
    pipeline: Any, sim: Simulator, until: int, places: Sequence[str] = (US, CA)
) -> None:
    """Every job of some marketplaces, last changed by `until`, with its parts."""
    expected: Dict[str, List[Dict[str, Any]]] = {}
    now = sim.account.now()
    for _, updated, job in sim.account.store(ServiceJobStore).all(now):
        assert updated <= until, "the seed makes no job change in the last two minutes"
        if job["marketplaceId"] not in places:
            continue
        ids = {
            "selling_partner": ME,
            "marketplace_id": job["marketplaceId"],
            "service_job_id": job["serviceJobId"],
        }
        add = lambda table, **row: expected.setdefault(table, []).append(row)  # noqa: E731
        work = job["scopeOfWork"]
        add(
            "",
            **ids,
            create_time=job["createTime"],
            service_job_status=job["serviceJobStatus"],
            scope_of_work__asin=work["asin"],
            scope_of_work__title=work["title"],
            scope_of_work__quantity=work["quantity"],
            seller__seller_id=job["seller"]["sellerId"],
            service_order_id=job["serviceOrderId"],
            store_id=job["storeId"],
            buyer__is_prime_member=job["buyer"]["isPrimeMember"],
            service_location__service_location_type="IN_HOME",
        )
        for time in job["preferredAppointmentTimes"]:
            add(
                "__preferred_appointment_times",
                **ids,
                start_time=time["startTime"],
                duration_in_minutes=time["durationInMinutes"],
            )
        for item in job["associatedItems"]:
            add(
                "__associated_items",
                **ids,
                asin=item["asin"],
                order_id=item["orderId"],
                quantity=item["quantity"],
                item_status=item["itemStatus"],
            )
        for payment in job.get("payments", ()):
            add(
                "__payments",
                **ids,
                amount__value=payment["amount"]["value"],
                amount__currency=payment["amount"]["currency"],
                instrument=payment["instrument"],
            )
        for visit in job.get("appointments", ()):
            of_visit = {**ids, "appointment_id": visit["appointmentId"]}
            proof = visit.get("poa", {})
            add(
                "__appointments",
                **of_visit,
                appointment_status=visit["appointmentStatus"],
                appointment_time__start_time=visit["appointmentTime"]["startTime"],
                rescheduled_appointment_id=visit.get("rescheduledAppointmentId"),
                poa__poa_type=proof.get("poaType"),
                poa__upload_time=proof.get("uploadTime"),
            )
            for name, people in (
                ("assigned_technicians", visit["assignedTechnicians"]),
                ("poa_technicians", proof.get("technicians", ())),
            ):
                for one in people:
                    add(
                        f"__appointments__{name}",
                        **of_visit,
                        technician_id=one["technicianId"],
                        name=one["name"],
                    )
    for table, wanted in expected.items():
        assert_rows(rows(pipeline, f"service_job{table}"), wanted)


def test_jobs_are_those_of_the_simulator_and_followed(
    make_pipeline: Any, destination: str, sim: Simulator
) -> None:
    pipeline = make_pipeline(destination)
    assert_jobs_equal_truth(pipeline, sim, load(pipeline, sim))
    statuses = Counter(row["service_job_status"] for row in rows(pipeline, "service_job"))
    assert {"PENDING_SCHEDULE", "NOT_SERVICED", "COMPLETED", "CANCELLED"} == set(statuses)
    assert all(row["service_job_id"].startswith("0") for row in rows(pipeline, "service_job"))
    before = dataset(pipeline)
    sim.requests.clear()
    load(pipeline, sim)
    assert dataset(pipeline) == before
    calls = sim.requests.of("getServiceJobs")
    assert {call.query["marketplaceIds"] for call in calls} == {US, CA} and len(calls) == 2
    assert {call.query["pageSize"] for call in calls} == {"20"}
    changed = rows(pipeline, "service_job")[0]["service_job_id"]
    sim.account.store(ServiceJobStore).change(changed, serviceJobStatus="HOLD", appointments=[])
    sim.clock.advance(30 * HOUR)
    assert_jobs_equal_truth(pipeline, sim, load(pipeline, sim))
    (held,) = (r for r in rows(pipeline, "service_job") if r["service_job_id"] == changed)
    assert held["service_job_status"] == "HOLD"
    visits = {row["service_job_id"] for row in rows(pipeline, "service_job__appointments")}
    assert changed not in visits


def test_a_marketplace_that_joins_later_brings_its_history(
    make_pipeline: Any, sim: Simulator
) -> None:
    pipeline = make_pipeline("duckdb")
    load(pipeline, sim, marketplace_ids=[US])
    assert {row["marketplace_id"] for row in rows(pipeline, "service_job")} == {US}
    sim.clock.advance(HOUR)
    assert_jobs_equal_truth(pipeline, sim, load(pipeline, sim, marketplace_ids=[US, CA]))


def test_every_field_of_amazons_model_reaches_a_column(
    make_pipeline: Any, destination: str, sim: Simulator
) -> None:
    answer = fullest_answer(GET_JOBS)
    (job,) = answer["payload"]["jobs"]
    job["marketplaceId"] = US
    pipeline = make_pipeline(destination)
    made = source(sim, marketplace_ids=[US], include_pii=True)
    load_instead(sim, pipeline, made, {GET_JOBS: answer})
    assert missing_values(pipeline, answer["payload"]["jobs"]) == []
    assets = rows(pipeline, "service_job__associated_items")[0]["linked_assets"]
    assets = json.loads(assets) if isinstance(assets, str) else assets
    assert assets == job["associatedItems"][0]["linkedAssets"]
    for table in pipeline.default_schema.data_tables():
        assert len(table["name"]) <= 63
        for name, column in table["columns"].items():
            assert len(name) <= 63 and "__v_" not in name
            kind = column.get("data_type")
            if name.endswith(("_id", "asin", "postal_code", "phone")):
                assert kind in ("text", None), name
            if name.endswith(("_time", "_date")):
                assert kind in ("timestamp", None), name
            if name.endswith("__value"):
                assert kind == "decimal", name


def test_without_include_pii_nothing_identifies_a_buyer(make_pipeline: Any, sim: Simulator) -> None:
    pipeline = make_pipeline("duckdb")
    (job,) = fullest_answer(GET_JOBS)["payload"]["jobs"]
    job["serviceLocation"]["address"] = {"name": "Jane Roe", "addressLine1": "1 Way"}
    job["buyer"] = {"name": "Jane Roe", "phone": "0555", "buyerId": "A042"}
    nameless = {"buyer": {"name": "John Roe"}}
    body = {"payload": {"jobs": [job, nameless, None, {**job, "buyer": "Jane Roe"}]}}
    load_instead(sim, pipeline, source(sim, marketplace_ids=[US]), {GET_JOBS: body})
    load(pipeline, sim)
    personal = {"Jane Roe", "John Roe", "1 Way", "0555", "A042"}
    for _, _, one in sim.account.store(ServiceJobStore).all(sim.account.now()):
        buyer = [one["buyer"]["name"], one["buyer"]["phone"], one["buyer"]["buyerId"]]
        personal.update(leaves([buyer, one["serviceLocation"]["address"]["addressLine1"]]))
    found = loaded_values(pipeline)
    for row in rows(pipeline, "rejected_row"):
        found.update(map(str, leaves(json.loads(row["content"]))))
    assert len(found) > 50 and not [value for value in personal if value in found]
    schema = json.dumps(pipeline.default_schema.to_dict(), default=str)
    assert not [word for word in ("address", "phone", "buyer__name") if word in schema]
    assert len(rows(pipeline, "rejected_row")) == 2


def test_what_fails_ends_alone_and_is_caught_up(make_pipeline: Any, sim: Simulator) -> None:
    pipeline = make_pipeline("duckdb")
    sim.faults.add("expired_token", "getServiceJobs", times=1)
    # a page token that is no longer good: the window begins again
    sim.faults.add("bad_request", "getServiceJobs", skip=2, times=1)
    sim.faults.add("status", "getServiceJobs", skip=5, status=503)
    load(pipeline, sim, marketplace_ids=[US])
    calls = sim.requests.of("getServiceJobs")
    assert [call.status for call in calls[:5]] == [403, 200, 400, 200, 200]
    assert "pageToken" in calls[2].query and "pageToken" not in calls[3].query
    assert failed(pipeline) and "service_job is incomplete" in "".join(problems(pipeline))
    assert rows(pipeline, "marketplace_participation") and rows(pipeline, "service_job")
    sim.faults.clear()
    until = load(pipeline, sim, marketplace_ids=[US])
    assert_jobs_equal_truth(pipeline, sim, until, places=[US])
    assert not failed(pipeline)


def test_without_its_role_the_table_is_skipped(make_pipeline: Any, sim: Simulator) -> None:
    sim.account.roles.discard("Professional Services (Restricted)")
    pipeline = make_pipeline("duckdb")
    load(pipeline, sim)
    (sentence,) = problems(pipeline)
    assert sentence.startswith("service_job was skipped") and not failed(pipeline)
    assert "Professional Services (Restricted)" in sentence
    # once per marketplace: one that refuses says nothing of the other
    assert len(sim.requests.of("getServiceJobs")) == 2


def test_the_simulator_answers_as_the_model_says(sim: Simulator) -> None:
    validator = strict(model("services_v1"), "ServiceJob")
    now = sim.account.now()
    for hours in range(0, 200, 29):
        for created, updated, job in sim.account.store(ServiceJobStore).all(
            now - hours * HOUR * 1000
        ):
            validator.validate(job)
            assert created <= updated <= now - hours * HOUR * 1000
