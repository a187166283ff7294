"""A+ content: documents, their contents and ASINs, and publish records, as the simulator has them."""

import json
from typing import Any, Dict, Iterator, List

import pytest
from dlt.common import pendulum

from amazon_selling_partner.loading.summary import failed, problems
from amazon_selling_partner.modules.aplus_content import (
    GET_DOCUMENT,
    LIST_ASINS,
    REFRESH_AFTER,
    SEARCH_DOCUMENTS,
    SEARCH_PUBLISHED,
)
from sp_api_simulator import Simulator, VirtualClock
from sp_api_simulator.aplus_content import AplusStore, Document
from tests.amazon_models import fullest_answer, in_models, model, strict
from tests.sdk_models import api_document
from tests.simulator.conftest import Caller
from tests.support import assert_rows, dataset, load_instead, missing_values, rows, source_of

NOW = pendulum.datetime(2026, 6, 15, 12)
OPERATIONS = (SEARCH_DOCUMENTS, GET_DOCUMENT, LIST_ASINS, SEARCH_PUBLISHED)
NAMES = [operation.name for operation in OPERATIONS]
DEFINITIONS = {
    "searchContentDocuments": ("contentMetadataRecords", "ContentMetadataRecord"),
    "getContentDocument": ("contentRecord", "ContentRecord"),
    "listContentDocumentAsinRelations": ("asinMetadataSet", "AsinMetadata"),
    "searchContentPublishRecords": ("publishRecordList", "PublishRecord"),
}


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator(
        clock=VirtualClock(NOW.timestamp()),
        orders_per_day=1,
        days=20,
        products=12,
        empty_pages=True,
    ) as simulator:
        simulator.account.store(AplusStore).page_size = 2
        yield simulator


def load(pipeline: Any, sim: Simulator, **settings: Any) -> None:
    pipeline.run(source_of(sim, modules=["A_PLUS_CONTENT_MANAGEMENT"], **settings))


def calls(sim: Simulator) -> Dict[str, int]:
    """How often each operation succeeded since the last call of this."""
    found = {name: sum(r.status == 200 for r in sim.requests.of(name)) for name in NAMES}
    sim.requests.clear()
    return found


def ids(document: Document) -> Dict[str, str]:
    return {
        "selling_partner": "amazon_selling_partner",
        "marketplace_id": document.marketplace.id,
        "content_reference_key": document.key,
    }


def assert_equals_truth(pipeline: Any, sim: Simulator, keys: Any = None) -> None:
    """All tables are as the simulator has them, with the contents of documents `keys` (all)."""
    book = sim.account.store(AplusStore)
    documents = list(book.documents.values())
    assert_rows(
        rows(pipeline, "content_meta_data_record"),
        [
            {**ids(one), "name": one.name, "status": one.status, "update_time": iso(one)}
            for one in documents
        ],
    )
    assert_rows(
        rows(pipeline, "content_meta_data_record__badge_set"),
        [{**ids(one), "content_badge": badge} for one in documents for badge in one.badges],
    )
    contents: List[Dict[str, Any]] = []
    relations: List[Dict[str, Any]] = []
    published: List[Dict[str, Any]] = []
    for one in documents:
        shown = one.contents
        contents.append(
            {
                **ids(one),
                "name": shown["name"],
                "content_type": shown["contentType"],
                "locale": shown["locale"],
                "content_module_list": canonical(shown["contentModuleList"]),
                "content_metadata__update_time": iso(one),
                "content_metadata__badge_set": canonical(one.badges),
            }
        )
        for row in book.relations(one, True):
            named = {"asin": row["asin"], "parent": row["parent"], "title": row["title"]}
            lists = {
                "badge_set": canonical(row["badgeSet"]),
                "content_reference_key_set": canonical(row["contentReferenceKeySet"]),
            }
            relations.append({**ids(one), **named, **lists, "image_url": row["imageUrl"]})
        for asin in one.asins:
            if one.status == "APPROVED":
                language = one.marketplace.language.replace("_", "-")
                published.append(
                    {
                        **ids(one),
                        "asin": asin,
                        "locale": language,
                        "content_type": shown["contentType"],
                    }
                )
    assert_rows(map(readable, rows(pipeline, "content_document")), contents)
    assert_rows(map(readable, rows(pipeline, "content_document__asin_metadata_set")), relations)
    assert_rows(rows(pipeline, "content_publish_record"), published)
    assert contents and relations and published


def iso(document: Document) -> str:
    return str(document.metadata["updateTime"])


def canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def readable(row: Dict[str, Any]) -> Dict[str, Any]:
    """A row whose json columns are spelled as `canonical` spells them."""
    return {
        name: (
            canonical(json.loads(value) if isinstance(value, str) else value)
            if name.endswith(("_list", "_set"))
            else value
        )
        for name, value in row.items()
    }


def test_a_load_equals_the_truth_and_only_what_changed_is_requested_again(
    make_pipeline: Any, destination: str, sim: Simulator
) -> None:
    book = sim.account.store(AplusStore)
    pipeline = make_pipeline(destination)
    load(pipeline, sim)
    assert_equals_truth(pipeline, sim)
    documents = len(book.documents)
    asins = sum(len(one.asins) for one in book.documents.values())
    requested = calls(sim)
    assert documents == 8 and asins == 24
    assert requested["getContentDocument"] == documents
    assert len({r["marketplace_id"] for r in rows(pipeline, "content_document")}) == 2
    assert not failed(pipeline) and not problems(pipeline)

    before = dataset(pipeline)
    load(pipeline, sim)
    assert dataset(pipeline) == before
    again = calls(sim)
    assert again == {**dict.fromkeys(NAMES, 0), NAMES[0]: requested[NAMES[0]]}

    # one gets other ASINs and is approved, one loses all, one is new; an ASIN is in two of them
    first, second, third = list(book.documents)[:3]
    extra = book.documents[third].asins[0]
    sim.clock.advance(3600)
    book.change(first, asins=[*book.documents[first].asins[:1], extra], status="APPROVED")
    book.change(second, asins=[], badges=["PREMIUM"])
    book.change(third, name="Changed")
    load(pipeline, sim)
    kept = {row["asin"] for row in rows(pipeline, "content_publish_record")}
    requested = calls(sim)
    assert requested["getContentDocument"] == 3
    # each ASIN once, though one is in two documents; each with an empty page first
    assert requested["searchContentPublishRecords"] == 2 * len(
        {*book.documents[first].asins, *book.documents[third].asins}
    )
    assert extra in kept
    loaded = rows(pipeline, "content_document__asin_metadata_set")
    assert {r["asin"] for r in loaded if r["content_reference_key"] == first} == set(
        book.documents[first].asins
    )
    assert not [r for r in loaded if r["content_reference_key"] == second]

    # ASINs change without a change of the document: they are believed for a week
    fourth = list(book.documents)[3]
    book.change(fourth, at=book.documents[fourth].updated, asins=[extra])
    sim.clock.advance(REFRESH_AFTER.total_seconds() + 60)
    load(pipeline, sim)
    assert calls(sim)["getContentDocument"] == documents
    loaded = rows(pipeline, "content_document__asin_metadata_set")
    assert {r["asin"] for r in loaded if r["content_reference_key"] == fourth} == {extra}


def test_columns_have_their_types_and_what_is_requested_is_allowed(
    make_pipeline: Any, sim: Simulator
) -> None:
    pipeline = make_pipeline("duckdb")
    load(pipeline, sim)
    for table in pipeline.default_schema.data_tables(seen_data_only=True):
        assert len(table["name"]) <= 63
        if table["name"].startswith("sync_"):
            continue
        for name, column in table["columns"].items():
            assert len(name) <= 63 and "__v_" not in name
            if name.endswith("_time"):
                assert column["data_type"] == "timestamp"
            elif name in ("content_module_list", "badge_set", "content_reference_key_set"):
                assert column["data_type"] == "json"
            elif not name.startswith("_dlt"):
                assert column["data_type"] in ("text", "json", "bool"), name
    assert "0131103628" in {r["asin"] for r in rows(pipeline, "content_publish_record")}
    for operation in OPERATIONS:
        _, printed = in_models(operation)
        names = {parameter["name"] for parameter in printed["parameters"]}
        for request in sim.requests.of(operation.name):
            assert request.status in (200, 429) and set(request.query) <= names
    assert {r.query["includedDataSet"] for r in sim.requests.of("getContentDocument")} == {
        "CONTENTS,METADATA"
    }


def test_every_field_of_amazons_models_reaches_a_column(
    make_pipeline: Any, destination: str, sim: Simulator
) -> None:
    answers = {operation: fullest_answer(operation) for operation in OPERATIONS}
    for answer in answers.values():
        answer.pop("warnings")
    pipeline = make_pipeline(destination)
    source = source_of(
        sim, modules=["A_PLUS_CONTENT_MANAGEMENT"], marketplace_ids=["ATVPDKIKX0DER"]
    )
    load_instead(sim, pipeline, source, answers)
    # repeated by each answer, and known from the request
    reported = (
        {answers[SEARCH_DOCUMENTS]["contentMetadataRecords"][0]["contentMetadata"]["marketplaceId"]}
        | {answers[GET_DOCUMENT]["contentRecord"]["contentReferenceKey"]}
        | {answers[SEARCH_PUBLISHED]["publishRecordList"][0][n] for n in ("marketplaceId", "asin")}
    )
    for answer in answers.values():
        assert set(missing_values(pipeline, answer)) <= reported
    assert all(len(c) <= 63 for t in pipeline.default_schema.data_tables() for c in t["columns"])


def test_what_cannot_be_read_or_is_refused_does_not_spoil_the_rest(
    make_pipeline: Any, sim: Simulator
) -> None:
    book = sim.account.store(AplusStore)
    one, other = list(book.documents)[:2]
    page = [{"contentReferenceKey": key, "contentMetadata": 7} for key in (one, other)]
    records = [None, {"contentMetadata": {}}, *page, {"contentReferenceKey": "never/there="}]
    sim.faults.add("answer", "searchContentDocuments", body={"contentMetadataRecords": records})
    sim.faults.add("answer", "getContentDocument", times=1, body={"contentRecord": ["no object"]})
    relations = ["no object", {"title": "no asin"}, {"asin": "B000000001", "badgeSet": None}]
    # after the two pages, each with an empty one before it, of the first document
    sim.faults.add("answer", LIST_ASINS.name, skip=4, times=1, body={"asinMetadataSet": relations})
    found: List[Any] = [{"asin": "B000000001", "contentReferenceKey": "x", "locale": "en-US"}]
    found += [{**found[0], "contentType": "EBC"}, None]
    sim.faults.add("answer", "searchContentPublishRecords", body={"publishRecordList": found})
    pipeline = make_pipeline("duckdb")
    load(pipeline, sim, marketplace_ids=["ATVPDKIKX0DER"])
    assert len(rows(pipeline, "content_meta_data_record")) == 3
    assert [row["content_reference_key"] for row in rows(pipeline, "content_document")] == [other]
    (published,) = rows(pipeline, "content_publish_record")
    assert published["marketplace_id"] == "ATVPDKIKX0DER"
    rejected = [row["table_name"] for row in rows(pipeline, "rejected_row")]
    assert sorted(rejected) == [
        "content_document",
        "content_document__asin_metadata_set",
        "content_document__asin_metadata_set",
        "content_meta_data_record",
        "content_meta_data_record",
        "content_publish_record",
        "content_publish_record",
    ]
    assert any(
        "refuses some documents, such as never/there=" in reported
        for reported in problems(pipeline)
    )
    assert not failed(pipeline)
    sim.faults.clear()
    load(pipeline, sim)
    assert one in {row["content_reference_key"] for row in rows(pipeline, "content_document")}


def test_an_interrupted_load_goes_on_and_a_marketplace_may_be_refused(
    make_pipeline: Any, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    # one call at a time: the faults count calls, and slow ones move the clock for all
    monkeypatch.setenv("EXTRACT__WORKERS", "1")
    pipeline = make_pipeline("duckdb")
    sim.faults.add("status", "getContentDocument", skip=5, status=500)
    load(pipeline, sim)
    assert failed(pipeline)
    assert 0 < len(rows(pipeline, "content_document")) < 8
    sim.faults.clear()
    # a page token that is no longer good; then no document is left, but publish records are
    sim.faults.add("bad_request", "listContentDocumentAsinRelations", skip=1, times=1)
    sim.faults.add("status", "searchContentPublishRecords", skip=3, status=500)
    load(pipeline, sim)
    assert failed(pipeline) and len(rows(pipeline, "content_document")) == 8
    sim.faults.clear()
    # no page token is ever good
    sim.faults.add("slow", "searchContentPublishRecords", seconds=700)
    load(pipeline, sim)
    assert failed(pipeline)
    sim.faults.clear()
    sim.faults.add("expired_token", "searchContentPublishRecords", times=1)
    load(pipeline, sim)
    assert not failed(pipeline)
    assert_equals_truth(pipeline, sim)
    sim.faults.add("bad_request", "searchContentDocuments", times=3)
    load(pipeline, sim)
    (sentence,) = problems(pipeline)
    assert "marketplace US (ATVPDKIKX0DER) is left out" in sentence
    assert_equals_truth(pipeline, sim)


def test_a_missing_role_skips_the_tables_and_a_vendor_loads_them(
    make_pipeline: Any, sim: Simulator
) -> None:
    pipeline = make_pipeline("duckdb")
    settings = {"is_vendor": True, "marketplace_ids": ["ATVPDKIKX0DER"]}
    sim.account.roles.discard("Product Listing")
    load(pipeline, sim, **settings)
    reported = problems(pipeline)
    assert any("content_meta_data_record was skipped" in sentence for sentence in reported)
    assert any("'Product Listing'" in sentence for sentence in reported)
    sim.account.roles.add("Product Listing")
    load(pipeline, sim, **settings)
    assert len(rows(pipeline, "content_document")) == 4
    assert not sim.requests.of("getMarketplaceParticipations")


def test_all_modules_of_premium_and_brand_story_content_land_whole(
    make_pipeline: Any, sim: Simulator, destination: str
) -> None:
    definitions = {"definitions": api_document("apluscontent_v2020_11_01")["definitions"]}
    pipeline = make_pipeline(destination)
    load(pipeline, sim)
    loaded = {row["content_reference_key"]: row for row in rows(pipeline, "content_document")}
    kinds = set()
    for document in sim.account.store(AplusStore).documents.values():
        modules = document.contents["contentModuleList"]
        found = readable(loaded[document.key])["content_module_list"]
        assert found == canonical(modules)
        for module in modules:
            strict(definitions, "ContentModule").validate(module)
            kinds.add(module["contentModuleType"])
    known = definitions["definitions"]["ContentModuleType"]["enum"]
    assert {kind for kind in known if not kind.startswith("STANDARD")} <= kinds
    assert {row["content_type"] for row in loaded.values()} == {"EBC", "BrandStory"}


def test_the_simulators_content_is_as_the_model_says(sim: Simulator) -> None:
    loaded = model("apluscontent_v2020_11_01")
    caller = Caller(sim)
    pipeline_free = sim.account.store(AplusStore)
    document = next(d for d in pipeline_free.documents.values() if d.status == "APPROVED")
    place = {"marketplaceId": document.marketplace.id}
    path = "/aplus/2020-11-01/contentDocuments"
    whole = f"{path}/{document.key.replace('/', '%2F').replace('=', '%3D')}"
    requested = {
        "searchContentDocuments": (path, {}),
        "getContentDocument": (whole, {"includedDataSet": "CONTENTS,METADATA"}),
        "listContentDocumentAsinRelations": (f"{whole}/asins", {"includedDataSet": "METADATA"}),
        "searchContentPublishRecords": (
            "/aplus/2020-11-01/contentPublishRecords",
            {"asin": document.asins[0]},
        ),
    }
    for name, (address, parameters) in requested.items():
        field, definition = DEFINITIONS[name]
        seen, token = [], {}
        while True:
            heard = caller.get(address, **place, **parameters, **token)
            assert heard.status == 200, heard.content
            found = heard.json[field]
            seen += found if isinstance(found, list) else [found]
            if "nextPageToken" not in heard.json:
                break
            token = {"pageToken": heard.json["nextPageToken"]}
        assert seen
        for one in seen:
            strict(loaded, definition).validate(one)
    bare = caller.get(f"{whole}/asins", **place, asinSet=document.asins[0])
    bare = caller.get(
        f"{whole}/asins", **place, pageToken=bare.json["nextPageToken"], asinSet=document.asins[0]
    )
    assert bare.json["asinMetadataSet"] == [{"asin": document.asins[0]}]
    assert caller.get(whole, **place).status == 400
    assert caller.get(path).status == 400
    caller.connection.close()
