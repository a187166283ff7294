"""Services API v1: jobs of technicians at the home of a buyer.

Every fourth order has a job. It waits for an appointment, is done on the agreed day, and sometimes
moved to another day or cancelled.
"""

import random
from functools import partial
from typing import Any, Iterator, Mapping, NamedTuple, Optional

from .core import parameters, people
from .core.account import Account
from .core.errors import invalid
from .core.lru_cache import LruCache
from .core.marketplaces import amount
from .core.routes import Call, Routes
from .core.times import DAY_MS, ceil_ms, floor_ms, iso, parse
from .orders.order_days import ACCEPTED, Day
from .orders.order_facts import Sale
from .orders.order_ids import to_ref
from .orders.order_store import OrderStore

ROUTES = Routes()

ROLE = "Professional Services (Restricted)"
TOKEN_LIFETIME = 600.0
HOUR = 3_600_000
_MAX_AGE = 10 * DAY_MS
"""The job of an older order no longer changes."""
_CACHED_DAYS = 400
_CACHED_LISTS = 4
_PAGING = ("pageToken", "pageSize")
_STATUSES = (
    "NOT_SERVICED", "CANCELLED", "COMPLETED", "PENDING_SCHEDULE", "NOT_FULFILLABLE", "HOLD",
    "PAYMENT_DECLINED",
)  # fmt: skip
_FILTERS = (
    ("serviceOrderIds", "serviceOrderId"),
    ("serviceJobStatus", "serviceJobStatus"),
    ("storeIds", "storeId"),
)
_LISTS = ("productOrderIds", "trackingIds")
_FILTER_NAMES = (
    *(name for name, _ in _FILTERS), *_LISTS, "asins", "requiredSkills", "scheduleStartDate",
    "scheduleEndDate",
)  # fmt: skip


@ROUTES.add(
    "getServiceJobs",
    "GET",
    "/service/v1/serviceJobs",
    rate=10,
    burst=40,
    role=ROLE,
    parameters=(
        parameters.string_list("serviceOrderIds", maximum=20),
        parameters.string_list("productOrderIds", maximum=20),
        parameters.string_list("trackingIds", maximum=20),
        parameters.string_list("serviceJobStatus", one_of=_STATUSES),
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
        parameters.string_list("marketplaceIds", required=True, maximum=1),
        parameters.string_list("asins", maximum=20),
        parameters.string_list("requiredSkills", maximum=20),
        parameters.string_list("storeIds", maximum=50),
    ),
)
def get_service_jobs(call: Call) -> dict[str, Any]:
    """A page of the jobs of a marketplace, created or changed in a window."""
    values = call.values
    parameters.exactly_one(values, "createdAfter", "lastUpdatedAfter")
    call.check_marketplaces()
    # all pages show the state at the time of the first one
    position = call.page_position("pageToken") or {"at": call.now, "from": 0}
    first, at, size = position["from"], position["at"], values["pageSize"]
    store = call.account.store(ServiceJobStore)
    found = store.find(values, at)
    payload: dict[str, Any] = {
        "totalResultSize": len(found),
        "jobs": [store.to_json(job, at) for job in found[first : first + size]],
    }
    for name, start in (("nextPageToken", first + size), ("previousPageToken", first - size)):
        if -size < start < len(found):
            payload[name] = call.page_token(
                {"at": at, "from": max(0, start)}, "pageToken", lifetime=TOKEN_LIFETIME
            )
    return {"payload": payload}


class ServiceJob(NamedTuple):
    """The facts of a job. Times are milliseconds since 1970.

    Attributes:
        ref: Ref of its order.
        agreed: When the first appointment was agreed.
        moved: When it was moved to another day, 0 for never.
        visits: Id and time of each appointment.
        steps: Time and `serviceJobStatus` of each change.
    """

    ref: int
    id: str
    marketplace_id: str
    created: int
    agreed: int
    moved: int
    visits: tuple[tuple[str, int], ...]
    steps: tuple[tuple[int, str], ...]


class ServiceJobStore:
    """The service jobs of an account, and the changes made to them by hand.

    Attributes:
        changes: Time and fields of a change, by job id.
    """

    def __init__(self, account: Account) -> None:
        self._account = account
        self._days: LruCache[list[ServiceJob]] = LruCache(_CACHED_DAYS)
        self._lists: LruCache[list[ServiceJob]] = LruCache(_CACHED_LISTS)
        self.changes: dict[str, tuple[int, dict[str, Any]]] = {}

    def find(self, values: Mapping[str, Any], at: int) -> list[ServiceJob]:
        """The jobs that the parameters of getServiceJobs choose, as they are at a time."""
        criteria = {name: value for name, value in values.items() if name not in _PAGING}
        return self._lists.get((at, repr(criteria)), lambda: self._choose(criteria, at))

    def _choose(self, values: Mapping[str, Any], at: int) -> list[ServiceJob]:
        by_creation = values["createdAfter"] is not None
        name = "created" if by_creation else "lastUpdated"
        after, before = ceil_ms(values[f"{name}After"]), values[f"{name}Before"]
        until = floor_ms(before) if before else at
        if until < after:
            raise invalid(f"{name}Before must be equal to or after {name}After.")
        (marketplace_id,) = values["marketplaceIds"]
        found = [
            job
            for job in self.jobs(at, after - _MAX_AGE)
            if job.marketplace_id == marketplace_id
            and after <= (job.created if by_creation else self.updated(job, at)) <= until
        ]
        if any(values[name] for name in _FILTER_NAMES):
            found = [job for job in found if _matches(self.to_json(job, at), values)]
        return found

    def change(self, job_id: str, **fields: Any) -> None:
        """Changes fields of a job from now on."""
        self.changes[job_id] = (self._account.now(), fields)
        self._lists.clear()

    def jobs(self, at: int, since: int = 0) -> Iterator[ServiceJob]:
        """Yields the jobs created by a time, by order.

        Args:
            at: Milliseconds since 1970.
            since: Leaves out the jobs of orders placed before it, unless a job was changed by hand.
        """
        for day in self._account.store(OrderStore).days(at, 0 if self.changes else since):
            for job in self._days.get(day.number, partial(self._of_day, day)):
                if job.created <= at:
                    yield job

    def all(self, at: int) -> Iterator[tuple[int, int, dict[str, Any]]]:
        """Yields when each job was created and last changed, and its JSON, seen at a time."""
        for job in self.jobs(at):
            yield job.created, self.updated(job, at), self.to_json(job, at)

    def updated(self, job: ServiceJob, at: int) -> int:
        """When a job last changed, seen at a time."""
        changed, _ = self.changes.get(job.id, (at + 1, {}))
        updated = max(step for step in job.steps if step[0] <= at)[0]
        return max(updated, changed) if changed <= at else updated

    def to_json(self, job: ServiceJob, at: int) -> dict[str, Any]:
        """The `ServiceJob` at a time."""
        changed, fields = self.changes.get(job.id, (at + 1, {}))
        body = _job_to_json(self._account, job, at)
        return {**body, **fields} if changed <= at else body

    def _of_day(self, day: Day) -> list[ServiceJob]:
        orders = self._account.store(OrderStore)
        found = []
        for index in range(len(day)):
            ref = to_ref(day.number, index)
            if self._account.hash64(ref, 64) % 4 == 0 and day.stages[ACCEPTED][index]:
                found.append(_job(self._account, orders.sale(ref)))
        return found


def _job(account: Account, sale: Sale) -> ServiceJob:
    rng = random.Random(account.hash64(sale.ref, 65))
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
    return ServiceJob(
        ref=sale.ref,
        id=f"0{number}",
        marketplace_id=sale.marketplace.id,
        created=sale.accepted,
        agreed=agreed,
        moved=moved,
        visits=tuple(visits),
        steps=tuple(steps),
    )


def _job_to_json(account: Account, facts: ServiceJob, at: int) -> dict[str, Any]:
    sale = account.store(OrderStore).sale(facts.ref)
    number = sale.ref % 10**11
    start = facts.visits[0][1]
    updated, status = max(step for step in facts.steps if step[0] <= at)
    rng = random.Random(account.hash64(sale.ref, 65))
    # the draws of the facts come first
    rng.random(), rng.randrange(2, 30)
    address = people.address(rng, sale.marketplace, False)
    for name in ("addressType", "companyName", "extendedFields", "districtOrCounty"):
        address.pop(name, None)
    line = sale.lines[0]
    job: dict[str, Any] = {
        "createTime": iso(sale.accepted),
        "serviceJobId": facts.id,
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
    if facts.agreed <= at:
        job["appointments"] = [
            _appointment(facts, position, status, at)
            for position in range(2 if 0 < facts.moved <= at else 1)
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
    return job


def _appointment(facts: ServiceJob, position: int, job_status: str, at: int) -> dict[str, Any]:
    id, start = facts.visits[position]
    replaced = position == 0 and 0 < facts.moved <= at
    status = "CANCELLED" if replaced or job_status == "CANCELLED" else "ACTIVE"
    window = {"startTime": iso(start), "durationInMinutes": 120}
    technicians = [
        {"technicianId": f"00{start // DAY_MS % 7}", "name": "Mary-Jane Doe"},
        {"technicianId": f"01{start // DAY_MS % 5}", "name": "Łukasz"},
    ]
    appointment: dict[str, Any] = {
        "appointmentId": id,
        "appointmentStatus": "COMPLETED" if job_status == "COMPLETED" and not replaced else status,
        "appointmentTime": window,
        "assignedTechnicians": technicians[: 1 + start // DAY_MS % 2],
    }
    if replaced:
        appointment["rescheduledAppointmentId"] = facts.visits[1][0]
    elif job_status == "COMPLETED":
        appointment["poa"] = {
            "appointmentTime": window,
            "technicians": technicians[:1],
            "uploadingTechnician": technicians[0]["technicianId"],
            "uploadTime": iso(start + 2 * HOUR),
            "poaType": "CUSTOMER_SIGNATURE",
        }
    return appointment


def _matches(job: dict[str, Any], values: Mapping[str, Any]) -> bool:
    """Whether a job matches the filters of a call, its window excepted."""
    filters: list[tuple[Optional[list[str]], set[str]]] = [
        *((values[name], {job[field]}) for name, field in _FILTERS),
        *((values[name], set(job[name])) for name in _LISTS),
        (values["asins"], {job["scopeOfWork"]["asin"]}),
        (values["requiredSkills"], set(job["scopeOfWork"]["requiredSkills"])),
    ]
    start, end = values["scheduleStartDate"], values["scheduleEndDate"]
    visits = [parse(visit["appointmentTime"]["startTime"]) for visit in job.get("appointments", ())]
    in_time = any((not start or start <= at) and (not end or at <= end) for at in visits)
    matches = all(allowed is None or set(allowed) & has for allowed, has in filters)
    return matches and (in_time or not (start or end))
