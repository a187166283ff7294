"""Tries the credentials and the role of each table, with one small request each."""

import re
from typing import Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from dlt.common import pendulum

from ..client import Probe, RestrictedToken
from ..client.errors import BadRequest, RequestRejected
from ..loading import RunContext, account_marketplaces
from ..modules import ALWAYS, modules_of
from ..modules.reports.api import CREATE_REPORT, request_body
from ..modules.reports.definitions import reports_of
from ..modules.reports.periods import ReportWindow
from ..modules.reports.report import Report


class Access(NamedTuple):
    """Whether one table can be loaded.

    Attributes:
        role: Role of the application that the table needs.
        is_granted: None where it was not tried.
        reason: Why not, in one sentence.
    """

    module: str
    table: str
    role: str
    is_granted: Optional[bool]
    reason: str


def check_access(context: RunContext) -> Iterator[Access]:
    """Tries each table; of reports one per role, where no table before has shown it.

    Yields:
        One per table, as soon as it is known.

    Raises:
        CredentialsError: When the credentials themselves are not accepted.
        ServiceUnavailable: When Amazon gives no usable response.
    """
    # requests a token, so wrong credentials are reported before anything else
    now = context.now()
    ids = account_marketplaces(context)
    kind = context.settings.account_kind
    roles: Dict[str, bool] = {}
    for module in (*ALWAYS, *modules_of(kind).values()):
        for probe in module.probes(ids, now) if kind in module.account_kinds else ():
            access = _try_probe(context, module.name, probe)
            roles[access.role] = bool(access.is_granted) or roles.get(access.role, False)
            yield access
    yield from _check_reports(context, ids, roles, now)


def _try_probe(context: RunContext, module: str, probe: Probe) -> Access:
    reason = ""
    try:
        token = RestrictedToken(context.client, [probe.operation]) if probe.restricted else None
        context.call(
            probe.operation,
            path=probe.path,
            params=probe.params,
            body=probe.body,
            restricted_token=token,
            confirm_rejection=False,
        )
    except BadRequest:
        # refused for what was requested, so not for who requests
        pass
    except RequestRejected as error:
        reason = str(error)
    return Access(module, probe.table, probe.operation.role, not reason, reason)


def _check_reports(
    context: RunContext,
    marketplace_ids: Sequence[str],
    roles: Dict[str, bool],
    now: pendulum.DateTime,
) -> Iterator[Access]:
    by_role: Dict[str, List[Report]] = {}
    for report in reports_of(context.settings.is_vendor).values():
        by_role.setdefault(report.role, []).append(report)
    # a report that needs one of several roles comes after those that show them
    for role, reports in sorted(by_role.items(), key=lambda item: (" or " in item[0], item[0])):
        known = [roles.get(name) for name in re.split(", | or ", role)]
        is_granted, reason = any(known) or (None if None in known else False), ""
        if is_granted is None:
            is_granted, reason = _request_is_accepted(context, reports, marketplace_ids, now)
        if is_granted is not None:
            roles[role] = is_granted
        for report in reports:
            yield Access("REPORTS", report.name, role, is_granted, reason)
            reason = ""


def _request_is_accepted(
    context: RunContext,
    reports: Sequence[Report],
    marketplace_ids: Sequence[str],
    now: pendulum.DateTime,
) -> Tuple[Optional[bool], str]:
    """Whether Amazon takes a request for a report, one of tomorrow, so that none is made."""
    for report in reports:
        # requests are scarce: a role that only reports need which nobody chose is not worth one
        if report.selected and report.period.is_calendar and not report.restricted:
            window = ReportWindow(now.add(days=1), now.add(days=2))
            body = request_body(
                report, marketplace_ids[:1], window, report.options, now.add(days=3)
            )
            try:
                context.call(CREATE_REPORT, body=body, cache_refusal=False)
            except BadRequest:
                pass
            except RequestRejected as error:
                return False, str(error)
            return True, ""
    return None, ""
