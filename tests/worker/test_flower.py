import base64
import json
import pickle
import traceback
from collections.abc import Callable
from typing import Any

import pytest
from celery.events.event import get_exchange
from kombu import Connection, Queue
from kombu.exceptions import ContentDisallowed
from kombu.serialization import loads
from redis import Redis

from tasks import events
from tests.worker.given import RECORD
from worker.app import app
from worker.flower import tame

Sent = Callable[..., tuple[dict[str, Any], list[Any]]]
EVENT = RECORD | {"plateNo": "沪A12345", "token": "HIDDEN", "remark": "car 沪AD12345"}


@pytest.fixture
def sent(valkey_url: str, redis: Redis) -> Sent:
    """Sends by a way of Celery; returns the message's headers and body as they lie in Redis."""

    def send(way: str, *args: object, **kwargs: object) -> tuple[dict[str, Any], list[Any]]:
        with app.connection_for_write(valkey_url) as connection:
            if way == "task":
                events.charge_record.apply_async(args, kwargs, connection=connection)
            else:
                app.send_task("tasks.charge_record", args, kwargs, connection=connection)
        item = redis.rpop("charge-record")
        assert isinstance(item, bytes)
        message = json.loads(item)
        return message["headers"], json.loads(base64.b64decode(message["body"]))

    return send


@pytest.mark.parametrize("way", ["task", "name"])
@pytest.mark.parametrize("given", ["argument", "keyword", "several"])
def test_what_flower_shows_of_a_producers_event_is_veiled_and_the_event_is_whole(
    sent: Sent, way: str, given: str
) -> None:
    match given:
        case "argument":
            headers, body = sent(way, EVENT)
        case "keyword":
            headers, body = sent(way, event=EVENT)
        case _:
            headers, body = sent(way, events=[EVENT, EVENT])
    shown = headers["argsrepr"] + headers["kwargsrepr"]
    assert "沪A***45" in shown
    assert "A-1" in shown
    assert not [word for word in ("12345", "HIDDEN") if word in shown]
    assert EVENT in [*body[0], body[1].get("event"), *body[1].get("events", [])]


def test_the_event_of_a_sent_task_is_veiled_too() -> None:
    """A producer may switch `task_send_sent_event` on."""
    message = app.amqp.create_task_message(
        "id", "tasks.charge_record", [EVENT], {}, create_sent_event=True
    )
    shown = message.sent_event["args"] + message.sent_event["kwargs"]
    assert "***" in shown
    assert not [word for word in ("12345", "HIDDEN") if word in shown]


def test_flower_is_told_to_change_nothing_and_to_stay_at_home_unless_somebody_says_otherwise() -> (
    None
):
    told = {"FLOWER_READ_ONLY": "false"}
    tame("looker:HIDDEN", told)
    assert told == {
        "FLOWER_READ_ONLY": "false",
        "FLOWER_ADDRESS": "127.0.0.1",
        "FLOWER_BASIC_AUTH": "looker:HIDDEN",
    }
    untold: dict[str, str] = {}
    tame("", untold)
    assert untold == {"FLOWER_READ_ONLY": "true", "FLOWER_ADDRESS": "127.0.0.1"}


def test_a_text_of_the_arguments_that_was_given_is_not_taken() -> None:
    message = app.amqp.create_task_message("id", "x", [EVENT], {}, argsrepr="沪A12345")
    assert "12345" not in message.headers["argsrepr"]


def test_faults_are_veiled_in_events() -> None:
    got: list[dict[str, Any]] = []
    with Connection("memory://") as connection:
        queue = Queue("seen", get_exchange(connection, app.conf.event_exchange), routing_key="#")
        consumer = connection.Consumer(queue, callbacks=[lambda body, _: got.append(body)])
        with consumer, app.events.Dispatcher(connection) as dispatcher:
            error = ValueError("沪A12345 at redis://:HIDDEN@host with sign=HIDDEN")
            told = "".join(traceback.format_exception(error))
            dispatcher.send("task-failed", uuid="1", exception=repr(error), traceback=told)
            connection.drain_events(timeout=5)
    (event,) = got
    assert (event["type"], event["uuid"]) == ("task-failed", "1")
    for text in (event["exception"], event["traceback"]):
        assert "沪A***45 at redis://:***@host with sign=***" in text


@pytest.mark.parametrize("content_type", ["application/x-python-serialize", "application/x-yaml"])
def test_a_celery_message_that_is_not_json_is_not_opened(content_type: str) -> None:
    accepted = {f"application/{name}" for name in app.conf.accept_content}
    assert accepted == {"application/json"}
    with pytest.raises(ContentDisallowed):
        loads(pickle.dumps([]), content_type, "binary", accept=accepted)
