"""What was paid out: settlements, their events and their transfers."""

from ..mapping import given, view
from .definition import Mart, describe_columns

SETTLEMENT_TO_DEPOSIT = Mart(
    "settlement_to_deposit",
    "A settlement (financial event group) in a currency: what its events add up to, what Amazon"
    " states, and what was paid out when.",
    (
        "Which payouts differ from what was settled?",
        "SELECT period_start, currency_code, original_total, paid_out, difference"
        " FROM settlement_to_deposit WHERE difference <> 0",
    ),
    describe_columns(
        text={
            "selling_partner": "Account.",
            "financial_event_group_id": "The group.",
            "settlement_id": "Id in the settlement report, if that is loaded.",
            "currency_code": "Currency.",
            "processing_status": "Open or Closed.",
            "transfer_status": "Amazon's status of the transfer.",
            "payout_status": "Status of the payout.",
            "reconciliation": "Status in financial_group_reconciliation.",
        },
        timestamp={
            "period_start": "When the group was opened, UTC.",
            "period_end": "When it was closed, UTC.",
            "deposit_date": "When the money was sent to the bank, UTC.",
        },
        decimal={
            "beginning_balance": "What was carried over from the group before.",
            "events_total": "Sum of all events of the group.",
            "original_total": "Amazon's total.",
            "report_total": "Total of the settlement report.",
            "paid_out": "Amount of the payout; 0 if it failed or was cancelled.",
            "difference": "The payout, or the report's total without one, less Amazon's total.",
        },
    ),
    """
WITH statements AS (
  SELECT selling_partner, currency, total_amount,
    DATE_TRUNC('minute', settlement_start_date) AS starts,
    DATE_TRUNC('minute', settlement_end_date) AS ends,
    MAX(settlement_id) AS settlement_id, MAX(deposit_date) AS deposit_date
  FROM settlements
  GROUP BY selling_partner, currency, total_amount, DATE_TRUNC('minute', settlement_start_date),
    DATE_TRUNC('minute', settlement_end_date)
),
transfers AS (
  SELECT selling_partner, currency_code, amount, current_status,
    DATE_TRUNC('minute', period_start) AS starts, DATE_TRUNC('minute', period_end) AS ends
  FROM payouts
),
settled AS (
  SELECT g.*, DATE_TRUNC('minute', g.period_start) AS starts,
    DATE_TRUNC('minute', g.period_end) AS ends,
    COUNT(*) OVER (
      PARTITION BY selling_partner, currency_code, DATE_TRUNC('minute', g.period_start),
        DATE_TRUNC('minute', g.period_end)
    ) AS groups_of_period
  FROM event_groups AS g
),
stated AS (
  SELECT g.selling_partner, g.financial_event_group_id, MAX(s.settlement_id) AS settlement_id,
    MAX(s.deposit_date) AS deposit_date, MAX(s.total_amount) AS total_amount
  FROM settled AS g
  JOIN statements AS s
    ON s.selling_partner = g.selling_partner AND s.currency = g.currency_code
    AND s.starts = g.starts AND s.ends = g.ends
    AND (g.groups_of_period = 1 OR s.total_amount = g.original_total)
  GROUP BY g.selling_partner, g.financial_event_group_id
),
paid AS (
  SELECT g.selling_partner, g.financial_event_group_id,
    SUM(CASE WHEN p.current_status IN ('FAILED', 'CANCELLED') THEN 0 ELSE p.amount END) AS amount,
    MAX(p.current_status) AS current_status
  FROM settled AS g
  JOIN transfers AS p
    ON p.selling_partner = g.selling_partner AND p.currency_code = g.currency_code
    AND p.starts = g.starts AND p.ends = g.ends
    AND (g.groups_of_period = 1 OR p.amount = g.original_total)
  GROUP BY g.selling_partner, g.financial_event_group_id
)
SELECT
  g.selling_partner, g.financial_event_group_id, s.settlement_id,
  COALESCE(r.currency_code, g.currency_code) AS currency_code,
  g.processing_status, g.fund_transfer_status AS transfer_status,
  p.current_status AS payout_status, r.status AS reconciliation,
  g.period_start, g.period_end, COALESCE(s.deposit_date, g.fund_transfer_date) AS deposit_date,
  r.beginning_balance, r.loaded_total AS events_total, t.original_total,
  s.total_amount AS report_total, p.amount AS paid_out,
  COALESCE(p.amount, s.total_amount) - t.original_total AS difference
FROM settled AS g
LEFT JOIN reconciliations AS r
  ON r.financial_event_group_id = g.financial_event_group_id
  AND r.selling_partner = g.selling_partner
LEFT JOIN settled AS t
  ON t.financial_event_group_id = g.financial_event_group_id
  AND t.selling_partner = g.selling_partner
  AND t.currency_code = COALESCE(r.currency_code, g.currency_code)
LEFT JOIN stated AS s
  ON s.financial_event_group_id = t.financial_event_group_id
  AND s.selling_partner = t.selling_partner
LEFT JOIN paid AS p
  ON p.financial_event_group_id = t.financial_event_group_id
  AND p.selling_partner = t.selling_partner
""",
    {
        known.name: known
        for known in (
            view(
                "event_groups",
                "",
                "financial_event_group",
                given(
                    text="financial_event_group_id processing_status fund_transfer_status"
                    " currency_code=original_total__currency_code",
                    timestamp="fund_transfer_date period_start=financial_event_group_start"
                    " period_end=financial_event_group_end",
                    decimal="original_total=original_total__currency_amount",
                ),
                marketplace="",
            ),
            view(
                "reconciliations",
                "",
                "financial_group_reconciliation",
                given(
                    text="financial_event_group_id currency_code status",
                    decimal="loaded_total beginning_balance",
                ),
                marketplace="",
            ),
            view(
                "payouts",
                "",
                "payout",
                given(
                    text="current_status currency_code=amount__currency_code",
                    timestamp="period_start=period__start_date period_end=period__end_date",
                    decimal="amount=amount__currency_amount",
                ),
                marketplace="",
            ),
            view(
                "settlements",
                "",
                "settlement_report",
                given(
                    text="settlement_id currency",
                    timestamp="settlement_start_date settlement_end_date deposit_date",
                    decimal="total_amount",
                ),
                where='t."total_amount" IS NOT NULL',
                marketplace="",
            ),
        )
    },
)
