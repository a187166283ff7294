"""The prescriptions of regulated orders (pets), in the shape of Orders v0."""

import random
from typing import Any, Optional

from ..core.account import Account
from ..core.times import DAY_MS, iso
from .order_edits import FIRST_NEW_REF
from .order_store import OrderStore

_REASONS = (
    ("pets_rx_sc_incorrect_product", "Canceled order due to veterinarian indicating wrong product"),
    ("pets_rx_sc_no_vcpr", "Canceled order due to veterinarian not knowing the client"),
)


def regulated_info(account: Account, ref: int, at: int) -> Optional[dict[str, Any]]:
    """The `OrderRegulatedInfo` of an order at a time; None when nothing in it is regulated."""
    # orders added by hand never are
    if ref >= FIRST_NEW_REF:
        return None
    sale = account.store(OrderStore).sale(ref)
    if not sale.regulated:
        return None
    rng = random.Random(account.hash64(ref, 8))
    reasons = [
        {"RejectionReasonId": reason, "RejectionReasonDescription": description}
        for reason, description in _REASONS
    ]
    reviewed_at = sale.accepted + 3_600_000 if sale.accepted else 0
    status: dict[str, Any] = {
        "Status": "Pending",
        "RequiresMerchantAction": True,
        "ValidRejectionReasons": reasons,
        "ValidVerificationDetails": [
            {
                "VerificationDetailType": "prescriptionDetail",
                "ValidVerificationStatuses": ["Approved"],
            }
        ],
    }
    if 0 < sale.cancelled <= at:
        status.update(Status="Cancelled", RequiresMerchantAction=False)
    elif 0 < reviewed_at <= at:
        status.update(
            Status="Approved",
            RequiresMerchantAction=False,
            ReviewDate=iso(reviewed_at),
            ExternalReviewerId=f"00{rng.randrange(10**5):05d}",
        )
    born = sale.created - rng.randrange(300, 4000) * DAY_MS
    answers = (
        ("pets_rx_scName", "Pet name", rng.choice(("Woofer", "Ärger", "ポチ", 'Rex "the 2nd"'))),
        ("pets_rx_scType", "Pet type", "Dog"),
        ("pets_rx_scDateOfBirth", "Pet Birth Date", iso(born)[:10]),
        ("pets_rx_scWeight", "Weight", str(rng.randrange(3, 60))),
        ("pets_rx_scVetClinicZipCode", "Vet Clinic Zip Code", f"0{rng.randrange(10**4):04d}"),
        ("pets_rx_scVetClinicPhoneNumber", "Vet Clinic Phone Number", "0206000000"),
    )
    fields = [
        {"FieldId": name, "FieldLabel": label, "FieldType": "Text", "FieldValue": value}
        for name, label, value in answers
    ]
    return {
        "AmazonOrderId": sale.order_id,
        "RegulatedInformation": {"Fields": fields},
        "RequiresDosageLabel": rng.random() < 0.3,
        "RegulatedOrderVerificationStatus": status,
    }
