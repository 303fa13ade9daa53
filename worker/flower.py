"""Flower: what it may do, and what it is shown of a task, without secrets and plate numbers.

Celery puts a text of the arguments beside each message, and sends events with that text, with
exceptions and with tracebacks; a worker that is asked tells how it is connected to the broker. Who
may look at Flower reads them all.
"""

from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any

from celery.app.amqp import AMQP
from celery.app.events import Events
from celery.events.dispatcher import EventDispatcher
from celery.utils.saferepr import saferepr
from kombu.connection import Connection

from config import plates
from config.logs import mask

MOST_CHARS = 1024


def tame(login: str, environment: MutableMapping[str, str]) -> None:
    """Have Flower change nothing and be reached from this host only, where nobody says otherwise.

    Flower takes its options from FLOWER_… variables, a configuration file and its command line,
    of which the later outweighs; a login belongs into neither of the last two.
    """
    environment.setdefault("FLOWER_READ_ONLY", "true")
    environment.setdefault("FLOWER_ADDRESS", "127.0.0.1")
    if login:
        environment.setdefault("FLOWER_BASIC_AUTH", login)


def veiled(text: str) -> str:
    """The text, fit to be looked at."""
    return plates.hide(mask(text))


class _Connection(Connection):
    def info(self) -> dict[str, Any]:
        """What a worker tells of its connection, without how the sentinels are asked."""
        told: dict[str, Any] = super().info()
        options = told["transport_options"]
        shown = {name: value for name, value in options.items() if name != "sentinel_kwargs"}
        return {**told, "transport_options": shown}


class VeiledMessages(AMQP):  # type: ignore[misc] # Celery has no types
    """Messages whose text of the arguments is veiled; the arguments themselves are not."""

    Connection = _Connection

    def as_task_v2(
        self,
        task_id: str,
        name: str,
        args: Sequence[object] | None = None,
        kwargs: Mapping[str, object] | None = None,
        *more: Any,  # noqa: ANN401 as the base
        **options: Any,  # noqa: ANN401 as the base
    ) -> Any:  # noqa: ANN401 as the base
        """The message of a task."""
        options["argsrepr"] = veiled(saferepr(args or (), MOST_CHARS))
        options["kwargsrepr"] = veiled(saferepr(kwargs or {}, MOST_CHARS))
        return super().as_task_v2(task_id, name, args, kwargs, *more, **options)


class _Dispatcher(EventDispatcher):  # type: ignore[misc] # Celery has no types
    def send(self, type: str, **fields: Any) -> Any:  # noqa: ANN401 as the base
        """Send an event whose texts are veiled."""
        shown = {k: veiled(v) if isinstance(v, str) else v for k, v in fields.items()}
        return super().send(type, **shown)


class VeiledEvents(Events):  # type: ignore[misc] # Celery has no types
    """Events whose texts are veiled."""

    dispatcher_cls = _Dispatcher
