"""The document of the queues: whole, true to what is pushed, and what tools read."""

import base64
import copy
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from celery import Celery
from jsonschema import Draft7Validator, Draft202012Validator
from kombu import Connection, Exchange, Queue
from redis import Redis
from referencing import Registry, Resource

from config.settings import Settings
from tests.worker.given import GIVEN, RECORD
from worker.contracts.asyncapi import document
from worker.contracts.forms import FORMS
from worker.contracts.schemas import schema
from worker.events import Kind
from worker.intake.read import TASKS, Reader

SPECIFICATION = "@asyncapi/specs@6.11.1"
SETTINGS = Settings.model_construct()
DOCUMENT = document(SETTINGS)
FILES = Registry().with_resources(
    (f"./{kind}.json", Resource.from_contents(schema(kind))) for kind in Kind
)
RECORDS = Kind.CHARGE_RECORD
EVERY = [(kind, name) for kind in Kind for name in FORMS]


def allowed(kind: Kind, name: str, item: object) -> bool:
    """Whether the schema of the form allows the item, and the content of its body too."""
    stated: Any = FORMS[name].schema(kind)
    if not Draft202012Validator(stated, registry=FILES).is_valid(item):
        return False
    if "contentSchema" not in stated.get("properties", {}).get("body", {}) or not isinstance(
        item, dict
    ):
        return True
    body, encoding = item["body"], item["properties"].get("body_encoding")
    content = json.loads(base64.b64decode(body) if encoding == "base64" else body)
    within = stated["properties"]["body"]["contentSchema"]
    return Draft202012Validator(within, registry=FILES).is_valid(content)


def faults(kind: Kind, item: object) -> list[str]:
    reader = Reader(kind, item_max_bytes=10**6, keep_bytes=100, status_future_s=600)
    _, unread = reader.read([json.dumps(item).encode()], datetime.now(UTC))
    return [one.reason for one in unread]


def references(part: object) -> Iterator[str]:
    match part:
        case {"$ref": str(reference)}:
            yield reference
        case dict():
            for value in part.values():
                yield from references(value)
        case list():
            for value in part:
                yield from references(value)


def at(pointer: str) -> Any:  # noqa: ANN401 any JSON
    part: Any = DOCUMENT
    for name in pointer.removeprefix("#/").split("/"):
        part = part[name]
    return part


def test_every_reference_leads_somewhere() -> None:
    found = set(references(DOCUMENT))
    files = {reference for reference in found if not reference.startswith("#/")}
    assert files == {f"./{kind}.json" for kind in Kind}
    assert all(at(reference) for reference in found - files)


def test_each_kind_has_a_list_with_every_form_and_an_operation_that_takes_it() -> None:
    assert DOCUMENT["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= DOCUMENT["info"].keys()
    assert [channel["address"] for channel in DOCUMENT["channels"].values()] == list(Kind)
    taken = {o["channel"]["$ref"]: o for o in DOCUMENT["operations"].values()}
    for kind in Kind:
        channel = DOCUMENT["channels"][kind]
        messages = [at(one["$ref"]) for one in channel["messages"].values()]
        assert [message["name"] for message in messages] == [f"{kind}-{name}" for name in FORMS]
        assert all(message["payload"] and message["summary"] for message in messages)
        assert all(at(server["$ref"]) for server in channel["servers"])
        operation = taken[f"#/channels/{kind}"]
        assert operation["action"] == "receive"
        assert len(operation["messages"]) == len(FORMS)


def test_the_server_is_the_default_broker() -> None:
    server = DOCUMENT["servers"]["broker"]
    default = {name: variable["default"] for name, variable in server["variables"].items()}
    url = f"{server['protocol']}://{server['host']}{server['pathname']}"
    assert url.format(**default) == SETTINGS.broker


@pytest.mark.parametrize(("kind", "name"), EVERY)
def test_each_example_is_of_its_form_and_is_read(kind: Kind, name: str) -> None:
    [example] = DOCUMENT["components"]["messages"][f"{kind}-{name}"]["examples"]
    assert faults(kind, example["payload"]) == []
    assert allowed(kind, name, example["payload"])


def items(redis: Redis, kind: Kind) -> list[Any]:
    return [json.loads(item) for item in redis.lrange(kind, 0, -1)]


def test_what_kombu_puts_on_a_list_is_an_envelope(redis: Redis, valkey_url: str) -> None:
    queue = Queue(RECORDS, Exchange(""), routing_key=RECORDS)
    with Connection(valkey_url) as connection, connection.Producer(serializer="json") as producer:
        for content in (RECORD, [RECORD]):
            producer.publish(content, routing_key=RECORDS, declare=[queue], exchange="")
    found = items(redis, RECORDS)
    assert len(found) == 2
    for item in found:
        assert allowed(RECORDS, "envelope", item)
        assert not allowed(RECORDS, "task", item)


@pytest.mark.parametrize("kind", Kind)
def test_what_celery_puts_on_a_list_is_a_task(redis: Redis, valkey_url: str, kind: Kind) -> None:
    given = GIVEN[kind]
    with Celery(broker=valkey_url, set_as_current=False) as app:
        for args, kwargs in (([given], {}), ([[given]], {}), ([], {"events": [given]})):
            app.send_task(TASKS[kind], args, kwargs, queue=kind.value, ignore_result=True)
    found = items(redis, kind)
    assert len(found) == 3
    for item in found:
        assert faults(kind, item) == []
        assert allowed(kind, "task", item)
        assert not allowed(kind, "envelope", item)


WRONG: list[tuple[str, Callable[[Any], object]]] = [
    ("event", lambda item: item.pop("orderNo")),
    ("events", lambda item: item.clear()),
    ("events", lambda item: item.append(7)),
    ("envelope", lambda item: item.update({"content-type": "application/x-yaml"})),
    ("envelope", lambda item: item.update({"content-encoding": "utf-16"})),
    ("envelope", lambda item: item.update({"body": 7})),
    ("envelope", lambda item: item.update({"body": "e30="})),
    ("envelope", lambda item: item["headers"].update({"compression": "application/x-gzip"})),
    ("task", lambda item: item["headers"].update({"task": "tasks.safety_warning"})),
    ("task", lambda item: item.update({"body": "W1tdLCB7fSwge31d"})),
]


@pytest.mark.parametrize(("name", "spoil"), WRONG)
def test_what_is_wrong_the_form_and_the_intake_refuse(
    name: str, spoil: Callable[[Any], object]
) -> None:
    item = copy.deepcopy(FORMS[name].example(RECORDS))
    spoil(item)
    assert faults(RECORDS, item)
    assert not allowed(RECORDS, name, item)


def test_the_document_keeps_to_the_specification(npm: Callable[[str], Path]) -> None:
    schemas = npm(SPECIFICATION) / "node_modules" / "@asyncapi" / "specs" / "schemas"
    validator = Draft7Validator(json.loads((schemas / "3.0.0.json").read_text("utf-8")))
    assert [error.message for error in validator.iter_errors(DOCUMENT)] == []
    assert not validator.is_valid(DOCUMENT | {"operations": {"take": {"action": "pop"}}})
