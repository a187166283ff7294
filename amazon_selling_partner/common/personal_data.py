"""Which fields, columns and headers hold data of persons, by their names: one list for all."""

import re
from functools import lru_cache
from typing import Any, Dict, ItemsView, List, Set, Tuple

from .identifiers import to_snake_case

_PERSON = (
    "buyer|recipient|receiver|consignee|customer|rater|shopper|purchaser|addressee|signer"
    "|client|guest|patient|end_user"
)
_TAX_ID = "cpf|cnpj|nif|nie|cif|rfc|siret|nip|gstin|gstid|tin|pan"
_FACT = (
    "name|first_name|last_name|surname|e_?mails?|phones?|telephone|mobile|fax|address(?:es)?|street"
    "|contact|comments?|notes?|messages?|info|information|details|tax_info|tax_id|tax_number"
    "|tax_identification|tax_registrations?|vat_id|vat_number|vat_registration|birthday|customer_id"
    f"|{_TAX_ID}"
)
_PERSON_ABROAD = (
    "kunden?|besteller|klant(?:en)?|koper|kund(?:en|s)?|client(?:e?s|e)?|klient[ai]?|musteri"
    "|acheteur|comprador|acquirente"
)
_FACT_ABROAD = (
    "namen?|nom|nombre|nome|naam|namn|nazwa|adi|isim|mobil\\w*|moviles?|movil|celular|handy|rue"
    "|ust_?id|umsatzsteuer\\w*|steuer\\w*|tva|iva|partita_iva|btw\\w*|moms\\w*|vergi\\w*|fiscale?"
    f"|{_TAX_ID}"
)

PERSONAL_NAMES: Tuple[str, ...] = (
    # persons, and what is known of them
    rf"^(?:{_PERSON})s?$",
    rf"(?:^|_)(?:{_PERSON})s?_(?:\w+_)?(?:{_FACT})(?:_|$)",
    r"^(?:buyer|customer)_id$|(?:^|_)buyer_id$",
    r"(?:^|_)(?:first|last|full|middle|given|family|maiden|person|contact)_?name(?:_|$)|surname",
    r"(?:^|_)(?:ship|bill|shipping|billing|deliver)_to_(?:\w+_)?(?:name|contact)$",
    r"(?:^|_)(?:ship|bill|shipping|billing)_name$",
    r"(?:^|_)contact_(?:person|info|information|number|no)(?:_|$)",
    r"(?:user|nick|screen)_?name$|^profile_(?:url|link)$",
    rf"(?:^|_)(?:tax|vat|gst)_(?:\w+_)?of_(?:the_)?(?:{_PERSON})(?:_|$)",
    # addresses, phones, mail; not the id and the type of an address
    r"(?:^|_)address(?:es)?(?:_?line)?(?:_?\d)?(?!_(?:id|ids|type|types|code)(?:_|$))(?:_|$)",
    r"(?:^|_)(?:street|e_?mails?|mail|phones?|telephone|telefax|fax|tel|whats_?app|msisdn)(?:_|$)",
    r"(?:^|_)(?:mobile|cell)_(?:number|no)$|^(?:mobile|cell)$",
    r"(?:^|_)(?:apartment|house_(?:number|no)|(?:door|gate)_code|latitude|longitude)(?:_|$)",
    r"(?:^|_)(?:ship|bill|shipping|billing|delivery)_(?:to_)?line_?\d",
    r"(?:^|_)delivery_(?:instructions?|notes?)(?:_|$)",
    # what shows who received something, and what they wrote
    r"signed_for_by|signed_by|signatory|signee|signature_(?:image|name|url)|proof_of_delivery",
    r"(?:^|_)received_by(?:_name)?$|(?:^|_)delivered_to(?:_name)?$",
    r"gift_?(?:message|note|text)|customi[sz](?:ed_(?:url|page|text)|ation_(?:url|data|text|info))",
    r"^comments?$|^reviewer|^review_text",
    # who holds a wallet's bank accounts, and who requested a transfer
    r"(?:holder|requester)_name$|(?:^|_)(?:account_number(?:_tail)?|routing_number)$",
    r"birth_?(?:day|date)|date_of_birth|passport|identity_(?:card|num)|driv(?:er|ing)s?_licen[cs]e",
    r"national_id(?:entity|entification)?(?:_|$)|^personal(?:_(?:\d+|id|number))?$",
    r"(?:^|_)(?:dob|ssn|cpf|curp|pesel|aadhaar|pan_(?:number|no))(?:_|$)",
    # the same in headers that Amazon translates: German, French, Spanish, Italian, Portuguese,
    # Dutch, Swedish, Polish, Turkish
    r"kaeufer|kaufer|empfaenger|empfanger|acheteur|destinataire|comprador|destinatario|acquirente"
    r"|koper_?naam|naam_(?:van_)?(?:de_)?koper|ontvanger|kopare|mottagare|kupujac|odbiorc|alici_",
    rf"(?:^|_)(?:{_PERSON_ABROAD})_(?:\w+_)?(?:{_FACT_ABROAD})(?:_|$)",
    rf"(?:^|_)(?:{_FACT_ABROAD})_(?:\w+_)?(?:{_PERSON_ABROAD})(?:_|$)",
    r"^besteller$|(?:kunden|besteller|klant|kund)_?(?:name|naam|namn)|(?:volledige_?naam|fullstandigt_namn)",
    r"(?:^|_)(?:nom_complet|nombre_completo|nome_completo|ad_soyad)(?:_|$)",
    r"(?:^|_)(?:telefon\w*|telefoon\w*|\w*anschrift\w*|\w*adress(?:e\w*|en)?|\w*adres[iu]?|indirizzo"
    r"|direccion|endereco|domicilio|courriel|correo\w*|prenom|apellidos?|cognome|sobrenome|vorname"
    r"|nachname|voornaam|achternaam|fornamn|efternamn|imie|nazwisko|soyadi|strasse|hausnummer|rue"
    r"|straat(?:naam)?|ulica|calle|logradouro|bairro|geschenk_?nachricht|message_cadeau"
    r"|mensaje_(?:de_)?regalo|handy(?:nummer)?|rufnummer|mobil(?:nummer|telefon)|mobiel|celular"
    r"|cellulare|movil|personnummer|codice_fiscale|code_fiscal|tc_kimlik\w*)(?:_|$)",
    r"^(?:kommentare?|commentaires?|comentarios?|commenti|opmerkingen|kommentarer|komentarz)$",
)
"""Patterns of names in snake_case that say person, address, phone or mail."""

_PATTERN = re.compile("|".join(f"(?:{pattern})" for pattern in PERSONAL_NAMES))

_SUSPICIOUS = re.compile(
    "buyer|recipient|address|mail|phone|customi[sz]|tax_?registration|ship_?to|bill_?to", re.I
)
"""Names whose values are not kept of a row that could not be read."""

PERSONAL_HEADERS = (
    r"住所|電話|メール|氏名|宛名|購入者(?!の?注文)|お届け先|受取人"
    r"|(?:お客様|顧客)の?(?:氏?名|情報|連絡先)|注文者"
    r"|地址|电话|邮箱|邮件|姓名|收件人|买家|收货人|手机|联系人|身份证|(?:客户|顾客)名"
    r"|هاتف|بريد|المشتري|المستلم|عنوان.الشحن|الجوال|الاسم.الكامل|(?:اسم|الرقم).*(?:ال|لل)عميل"
)
"""The same in scripts that have no snake_case."""

REVIEWED_FIELDS = frozenset("""
    ship_from_address origin_address return_to_address source_address partner_address
    tax_registration_address tax_registration_details tax_info contact_information contact_details
    address_with_contact parking_with_address_configuration
    carrier_phone_number carrier_details.email carrier_details.phone
    answer.address supply_sources.address source.address destination.address selling_party.address
    ship_from_party.address buying_party.address ship_to_party.address bill_to_party.address
    displayable_comment displayable_order_comment
    destination_address event_address ship_to_address service_location.address jobs.buyer
    """.split())
"""Fields of today's models that no pattern decides on, alone or with the field they are in: those
of businesses (seller, vendor, carrier, Amazon), and in the last line those of which a module keeps
the town, or nothing."""

MAX_HARMLESS = 1_000
"""Names that are remembered of the fields of an object; maps have any number."""

REVIEWED_COLUMNS = frozenset(
    ("carrier_phone_number", "customer_bill_to_gstid", "customer_ship_to_gstid")
)
"""Columns that look personal and are not: of carriers, and tax numbers of registered businesses."""


@lru_cache(maxsize=50_000)
def is_personal(name: str) -> bool:
    """True for a field, a column or a header that may hold data of a person.

    Args:
        name: As Amazon writes it, or as a column is named.
    """
    if re.search(PERSONAL_HEADERS, name):
        return True
    column = to_snake_case(name)
    return column not in REVIEWED_COLUMNS and _PATTERN.search(column) is not None


@lru_cache(maxsize=50_000)
def is_reviewed(name: str, parent: str) -> bool:
    """True for a field of JSON on which no pattern decides.

    Args:
        parent: Field that it is in.
    """
    field = to_snake_case(name)
    return field in REVIEWED_FIELDS or f"{to_snake_case(parent)}.{field}" in REVIEWED_FIELDS


def withhold_personal(value: Any, withheld: List[str], parent: str = "answer") -> Any:
    """JSON without the fields that may hold data of persons, changed in place.

    Args:
        value: An answer.
        withheld: Names of the fields are added.
        parent: Field that the value is in.
    """
    if isinstance(value, dict):
        known = _harmless_fields(parent)
        fields: ItemsView[str, Any] = value.items()
        if not known.issuperset(value):
            fields = _withhold_fields(value, withheld, parent, known)
        for name, part in fields:
            if isinstance(part, (dict, list)):
                withhold_personal(part, withheld, name)
    elif isinstance(value, list):
        for part in value:
            if isinstance(part, (dict, list)):
                withhold_personal(part, withheld, parent)
    return value


@lru_cache(maxsize=5_000)
def _harmless_fields(parent: str) -> Set[str]:
    """Where the names are remembered of fields that are neither personal nor reviewed."""
    return set()


def _withhold_fields(
    value: Dict[str, Any], withheld: List[str], parent: str, harmless: Set[str]
) -> ItemsView[str, Any]:
    """Removes the personal fields of an object; returns those that are looked through."""
    others = {}
    for name in list(value):
        if is_reviewed(name, parent):
            continue
        if is_personal(name):
            if value.pop(name) not in (None, "", [], {}):
                withheld.append(name)
            continue
        others[name] = value[name]
        if len(harmless) < MAX_HARMLESS:
            harmless.add(name)
    return others.items()


def redact_personal(value: Any) -> Any:
    """JSON without the values of fields that may be personal, wherever they are."""
    if isinstance(value, dict):
        return {
            name: "(personal)" if _may_be_personal(str(name)) else redact_personal(item)
            for name, item in value.items()
        }
    return [redact_personal(item) for item in value] if isinstance(value, list) else value


def _may_be_personal(name: str) -> bool:
    return is_personal(name) or _SUSPICIOUS.search(name) is not None
