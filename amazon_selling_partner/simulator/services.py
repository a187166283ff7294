"""Services API v1: jobs that technicians do at the home of who bought a product of the account.

One order in four is followed by a job. It waits for a date, is done on the day that was agreed
upon, and a few are moved to another day or cancelled.
"""

import random
from typing import Any, Iterator, Optional

from . import parameters, people
from .account import Account
from .errors import invalid
from .marketplaces import amount
from .routes import Call, Routes
from .sale import Sale
from .times import DAY_MS, ceil_ms, floor_ms, iso, parse

ROUTES = Routes()

ROLE = "Professional Services (Restricted)"
TOKEN_LIFE = 600.0
HOUR = 3_600_000
_LIFE = 10 * DAY_MS
"""A job changes no more when its order is older."""
_STATUSES = (
    "NOT_SERVICED", "CANCELLED", "COMPLETED", "PENDING_SCHEDULE", "NOT_FULFILLABLE", "HOLD",
    "PAYMENT_DECLINED",
)  # fmt: skip
_FILTERS = (
    ("serviceOrderIds", "serviceOrderId"),
    ("serviceJobStatus", "serviceJobStatus"),
    ("storeIds", "storeId"),
)
_LISTS = (("productOrderIds", "productOrderIds"), ("trackingIds", "trackingIds"))


@ROUTES.add(
    "getServiceJobs",
    "GET",
    "/service/v1/serviceJobs",
    rate=10,
    burst=40,
    role=ROLE,
    parameters=(
        parameters.several("serviceOrderIds", maximum=20),
        parameters.several("productOrderIds", maximum=20),
        parameters.several("trackingIds", maximum=20),
        parameters.several("serviceJobStatus", one_of=_STATUSES),
        parameters.text("pageToken"),
        parameters.number("pageSize", 1, 20, default=20),
        parameters.text("sortField", one_of=("JOB_DATE", "JOB_STATUS")),
        parameters.text("sortOrder", one_of=("ASC", "DESC")),
        parameters.time("createdAfter"),
        parameters.time("createdBefore"),
        parameters.time("lastUpdatedAfter"),
        parameters.time("lastUpdatedBefore"),
        parameters.time("scheduleStartDate"),
        parameters.time("scheduleEndDate"),
        parameters.several("marketplaceIds", required=True, maximum=1),
        parameters.several("asins", maximum=20),
        parameters.several("requiredSkills", maximum=20),
        parameters.several("storeIds", maximum=50),
    ),
)
def get_service_jobs(call: Call) -> dict[str, Any]:
    """One page of the jobs of a marketplace, created or changed in a window."""
    values = call.values
    parameters.exactly_one(values, "createdAfter", "lastUpdatedAfter")
    call.check_marketplaces()
    by = "created" if values["createdAfter"] else "lastUpdated"
    after, before = ceil_ms(values[f"{by}After"]), values[f"{by}Before"]
    until = floor_ms(before) if before else call.now
    if until < after:
        raise invalid(f"{by}Before must be equal to or after {by}After.")
    (place,) = values["marketplaceIds"]
    found = []
    for created, updated, job in service_jobs(call.account, call.now, after - _LIFE):
        when = created if by == "created" else updated
        if job["marketplaceId"] == place and after <= when <= until and _fits(job, values):
            found.append(job)
    token = values["pageToken"]
    pages, ignored = call.simulator.pages, ("pageToken",)
    first = pages.read(call, token, ignored)["from"] if token else 0
    size = values["pageSize"]
    payload: dict[str, Any] = {"totalResultSize": len(found), "jobs": found[first : first + size]}
    if first + size < len(found):
        payload["nextPageToken"] = pages.make(call, {"from": first + size}, TOKEN_LIFE, ignored)
    if first:
        payload["previousPageToken"] = pages.make(
            call, {"from": max(0, first - size)}, TOKEN_LIFE, ignored
        )
    return {"payload": payload}


class ServiceChanges:
    """What a test changes of jobs.

    Attributes:
        jobs (dict[str, tuple[int, dict[str, Any]]]): By job id: from when on, which fields.
    """

    def __init__(self, account: Account) -> None:
        self._account = account
        self.jobs: dict[str, tuple[int, dict[str, Any]]] = {}

    def change(self, job_id: str, **fields: Any) -> None:
        """From now on a job has these fields."""
        self.jobs[job_id] = (self._account.now(), fields)


def service_jobs(
    account: Account, at: int, since: int = 0
) -> Iterator[tuple[int, int, dict[str, Any]]]:
    """The truth: every job as it shows at a moment.

    Args:
        account (Account): Whose.
        at (int): The moment, milliseconds since 1970.
        since (int): Leave out the jobs of orders placed before it, as far as no test changed any.

    Yields:
        tuple[int, int, dict[str, Any]]: When it was created and last changed, and the `ServiceJob`.
    """
    changes = account.part(ServiceChanges).jobs
    for day in account.days(at, 0 if changes else since):
        for ref in range(account.first_ref(day.number), account.first_ref(day.number) + len(day)):
            if account.mixed(ref, 64) % 4 or not 0 < account.sale(ref).accepted <= at:
                continue
            updated, job = _job(account, account.sale(ref), at)
            changed, fields = changes.get(job["serviceJobId"], (at + 1, {}))
            if changed <= at:
                updated, job = max(updated, changed), {**job, **fields}
            yield account.sale(ref).accepted, updated, job


def _job(account: Account, sale: Sale, at: int) -> tuple[int, dict[str, Any]]:
    rng = random.Random(account.mixed(sale.ref, 65))
    fate = rng.random()
    number = sale.ref % 10**11
    agreed = sale.accepted + rng.randrange(2, 30) * HOUR
    start = (agreed // DAY_MS + 2) * DAY_MS + 9 * HOUR
    moved = agreed + 8 * HOUR if fate > 0.8 else 0
    visits = [(f"0A{number}1", start), *([(f"0A{number}2", start + 2 * DAY_MS)] if moved else [])]
    done = visits[-1][1] + 2 * HOUR
    steps = [(sale.accepted, "PENDING_SCHEDULE"), (agreed, "NOT_SERVICED")]
    if moved:
        steps.append((moved, "NOT_SERVICED"))
    steps.append((agreed + 20 * HOUR, "CANCELLED") if fate < 0.15 else (done, "COMPLETED"))
    updated, status = max(step for step in steps if step[0] <= at)
    address = people.address(rng, sale.marketplace, False)
    for name in ("addressType", "companyName", "extendedFields", "districtOrCounty"):
        address.pop(name, None)
    line = sale.lines[0]
    job: dict[str, Any] = {
        "createTime": iso(sale.accepted),
        "serviceJobId": f"0{number}",
        "serviceJobStatus": status,
        "scopeOfWork": {
            "asin": line.product.asin,
            "title": f"Set up: {line.product.title}",
            "quantity": 1,
            "requiredSkills": ["ASSEMBLY", "ELECTRICS"][: 1 + number % 2],
        },
        "seller": {"sellerId": account.seller_id},
        "serviceJobProvider": {"serviceJobProviderId": account.seller_id},
        "preferredAppointmentTimes": [{"startTime": iso(start), "durationInMinutes": 120}],
        "serviceOrderId": f"333-{number % 10**7:07d}-0000001",
        "productOrderIds": [sale.order_id],
        "trackingIds": [f"0{number}"] if 0 < sale.shipped <= updated else [],
        "marketplaceId": sale.marketplace.id,
        "storeId": "amzn1.store.001",
        "buyer": {
            "buyerId": f"A{number}",
            "name": address["name"],
            "phone": address["phone"],
            "isPrimeMember": sale.prime,
        },
        "associatedItems": [
            {
                "asin": part.product.asin,
                "title": part.product.title,
                "quantity": part.quantity,
                "orderId": sale.order_id,
                "itemStatus": "SHIPPED" if 0 < sale.shipped <= updated else "ACTIVE",
                "brandName": part.product.brand,
                "itemDelivery": {"estimatedDeliveryDate": iso(sale.accepted + 5 * DAY_MS)},
            }
            for part in sale.lines
        ],
        "serviceLocation": {"serviceLocationType": "IN_HOME", "address": address},
    }
    if agreed <= at:
        job["appointments"] = [
            _appointment(visits, position, status, moved, at)
            for position in range(2 if 0 < moved <= at else 1)
        ]
    if status == "COMPLETED":
        job["payments"] = [
            {
                "amount": {
                    "value": float(amount(1999 + number % 100, "USD")),
                    "currency": sale.marketplace.currency,
                },
                "instrument": "CreditCard",
            }
        ]
    return updated, job


def _appointment(
    visits: list[tuple[str, int]], position: int, job: str, moved: int, at: int
) -> dict[str, Any]:
    id, start = visits[position]
    replaced = position == 0 and 0 < moved <= at
    status = "CANCELLED" if replaced or job == "CANCELLED" else "ACTIVE"
    window = {"startTime": iso(start), "durationInMinutes": 120}
    technicians = [
        {"technicianId": f"00{start // DAY_MS % 7}", "name": "Mary-Jane Doe"},
        {"technicianId": f"01{start // DAY_MS % 5}", "name": "Łukasz"},
    ]
    said: dict[str, Any] = {
        "appointmentId": id,
        "appointmentStatus": "COMPLETED" if job == "COMPLETED" and not replaced else status,
        "appointmentTime": window,
        "assignedTechnicians": technicians[: 1 + start // DAY_MS % 2],
    }
    if replaced:
        said["rescheduledAppointmentId"] = visits[1][0]
    elif job == "COMPLETED":
        said["poa"] = {
            "appointmentTime": window,
            "technicians": technicians[:1],
            "uploadingTechnician": technicians[0]["technicianId"],
            "uploadTime": iso(start + 2 * HOUR),
            "poaType": "CUSTOMER_SIGNATURE",
        }
    return said


def _fits(job: dict[str, Any], values: dict[str, Any]) -> bool:
    """Whether a job is among those asked for by id, status and the like."""
    asked: list[tuple[Optional[list[str]], set[str]]] = [
        (values[name], {job[field]}) for name, field in _FILTERS
    ]
    asked += [(values[name], set(job[field])) for name, field in _LISTS]
    asked.append((values["asins"], {job["scopeOfWork"]["asin"]}))
    asked.append((values["requiredSkills"], set(job["scopeOfWork"]["requiredSkills"])))
    start, end = values["scheduleStartDate"], values["scheduleEndDate"]
    visits = [parse(visit["appointmentTime"]["startTime"]) for visit in job.get("appointments", ())]
    on_time = any((not start or start <= at) and (not end or at <= end) for at in visits)
    fits = all(wanted is None or set(wanted) & has for wanted, has in asked)
    return fits and (on_time or not (start or end))
