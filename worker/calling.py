"""One call of a vendor's document, made because a person asks, and what it began followed."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import requests

from worker.exchange import Answer, NoAnswer
from worker.operation import Arguments, Follow, Operation, Reply
from worker.sender import Sender, without_answer
from worker.vendor import CannotSign, System


@dataclass(frozen=True, slots=True)
class Made:
    """A call that was made.

    Attributes:
        operation: its name.
        request: before it was signed.
        answer: None if none came.
        signed: false when it could not be signed, and was therefore not sent.
    """

    operation: str
    request: requests.Request
    answer: Answer | None
    reply: Reply
    signed: bool = True


class Caller:
    """Makes the calls of one vendor."""

    def __init__(
        self,
        system: System[Any],
        sender: Sender,
        *,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._system = system
        self._sender = sender
        self._sleep = sleep

    def call(self, name: str, arguments: Arguments) -> Made:
        """Sign, send and read; once more with new credentials if the old ones ran out.

        Raises:
            ValueError: the system cannot build such a request; the message says why.
        """
        operation = self._operation(name)
        request = operation.request(self._system, arguments)
        try:
            answer = self._sender.ask(request, signed=operation.signed)
        except (CannotSign, NoAnswer) as error:
            reply = Reply(without_answer(error))
            return Made(name, request, None, reply, signed=not isinstance(error, CannotSign))
        return Made(name, request, answer, operation.read(self._system, answer))

    def follow(self, follow: Follow, began_with: Arguments, reply: Reply) -> Iterator[Made]:
        """Ask until what the reply began is over, or `at_most` times; nothing if it began nothing.

        Whether it is over, says `follow.done` of the last reply.
        """
        asked_with = follow.arguments(began_with, reply)
        if asked_with is None:
            return
        arguments = self._operation(follow.operation).arguments.model_validate(asked_with)
        for _ in range(follow.at_most):
            self._sleep(follow.every_s)
            made = self.call(follow.operation, arguments)
            yield made
            if follow.done(made.reply):
                return

    def _operation(self, name: str) -> Operation:
        return self._system.operations[name]
