"""Publishing the events that callbacks brought, until each stands in the journal."""

from datetime import datetime

from redis import Redis
from sqlalchemy import Engine

from worker.events import Kind
from worker.journal import arrivals
from worker.producer import Producer
from worker.wire import read_json


def publish_due(engine: Engine, redis: Redis, now: datetime) -> int:
    """Put what is due on its queue; returns how many events.

    Raises:
        RedisError: the broker is away; they become due again.
    """
    due = arrivals.due(engine, now)
    producer = Producer(redis)
    for kind in Kind:
        bodies = [read_json(arrival.body) for arrival in due if arrival.kind is kind]
        producer.publish(kind, [body for body in bodies if isinstance(body, dict)])
    return len(due)
