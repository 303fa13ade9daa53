"""One request to one vendor: signed, sent, read, and kept as an attempt."""

import logging
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import requests

from config.logs import mask
from config.settings import Settings
from worker import metrics
from worker.events import Event, Kind
from worker.exchange import Answer, Http, NoAnswer
from worker.journal.settle import Attempt
from worker.outcomes import Absent, Accepted, Outcome, TryLater, Unclear
from worker.pace import Pace
from worker.vendor import CannotSign, Send, System, VendorSettings
from worker.wire import kept, storable

log = logging.getLogger(__name__)

RENEWED = TryLater("the credentials had run out; they were renewed and the request sent again")

REASON_CHARS = 500
CODE_CHARS = 64
LOOKED_UP = Accepted("looked up")


@dataclass(frozen=True, slots=True)
class _Exchange:
    started_at: datetime
    duration_ms: int
    request: requests.Request
    answer: Answer | NoAnswer
    outcome: Outcome | None = None


class Sender:
    """Sends for one vendor, from any thread."""

    def __init__(
        self,
        system: System[VendorSettings],
        http: Http,
        pace: Pace,
        *,
        clock: Callable[[], datetime],
        keep_bytes: int,
    ) -> None:
        self._system = system
        self._http = http
        self._pace = pace
        self._clock = clock
        self._keep_bytes = keep_bytes

    def tell(
        self,
        kind: Kind,
        events: Sequence[Event],
        report_ids: tuple[int, ...],
        *,
        vendor_ref: str | None = None,
        begin_by: float = math.inf,
    ) -> tuple[Outcome, list[Attempt]]:
        """One try at telling these events; with a vendor's id, the one event that failed there.

        Nothing of it leaves later than `begin_by`, of the monotonic clock.
        """
        if vendor_ref is None:
            request = self._system.request(events)
        else:
            request = self._system.request_again(events[0], vendor_ref)

        def try_it(send: Send) -> Outcome:
            answer = send(request)
            try:
                return self._system.read(answer, kind)
            except Exception as error:
                log.exception("an answer of %s cannot be read", self._system.vendor)
                return Unclear(f"our fault, see the log: {type(error).__name__}: {error}")

        return self._recorded(try_it, report_ids, begin_by)

    def look_up(
        self, events: Sequence[Event], report_ids: tuple[int, ...]
    ) -> tuple[Sequence[Outcome | Absent], list[Attempt]]:
        """Ask the vendor which of the events it has.

        What could not be told is Unclear: after TryLater they would be sent unseen.
        """
        found: list[Outcome | Absent] = []

        def look(send: Send) -> Outcome:
            def in_turn(request: requests.Request) -> Answer:
                self.await_turn()
                return send(request)

            found.extend(self._system.look_up(events, in_turn))
            return LOOKED_UP

        outcome, attempts = self._recorded(look, report_ids)
        return found or [Unclear(outcome.reason, outcome.code)] * len(events), attempts

    def await_turn(self) -> None:
        """Wait until the vendor's rate allows another request."""
        self._pace.wait()

    def ask(self, request: requests.Request, *, signed: bool = True) -> Answer:
        """Send a request that is no report's, with new credentials if the old ones ran out.

        Args:
            request: not yet signed, unless it is to go as it is.
            signed: whether the system's `auth` signs it.

        Raises:
            CannotSign, NoAnswer: what that means, says `without_answer`.
        """
        self.await_turn()
        return self._exchange(request, []) if signed else self._send(request, None, [])

    def _recorded(
        self,
        talk: Callable[[Send], Outcome],
        report_ids: tuple[int, ...],
        begin_by: float = math.inf,
    ) -> tuple[Outcome, list[Attempt]]:
        exchanges: list[_Exchange] = []
        try:
            outcome = talk(lambda request: self._exchange(request, exchanges, begin_by))
        except (CannotSign, NoAnswer) as error:
            outcome = without_answer(error)
        outcome = replace(
            outcome,
            reason=storable(mask(outcome.reason))[:REASON_CHARS],
            code=storable(outcome.code)[:CODE_CHARS] if outcome.code is not None else None,
        )
        return outcome, [self._attempt(e, e.outcome or outcome, report_ids) for e in exchanges]

    def _exchange(
        self,
        request: requests.Request,
        exchanges: list[_Exchange],
        begin_by: float = math.inf,
    ) -> Answer:
        """Sign and send; once more with new credentials if the vendor refuses the old ones."""
        auth = self._auth()
        answer = self._send(request, auth, exchanges, begin_by)
        try:
            renewed = self._system.renew(answer, auth, self._http)
        except NoAnswer as error:
            raise CannotSign(_without("new token", error)) from error
        if not renewed:
            return answer
        metrics.TOKENS_RENEWED.labels(self._system.vendor).inc()
        refused = exchanges.pop()
        exchanges.append(
            _Exchange(
                refused.started_at, refused.duration_ms, request, refused.answer, outcome=RENEWED
            )
        )
        return self._send(request, self._auth(), exchanges, begin_by)

    def _auth(self) -> requests.auth.AuthBase | None:
        try:
            return self._system.auth(self._http)
        except NoAnswer as error:
            raise CannotSign(_without("token", error)) from error

    def _send(
        self,
        request: requests.Request,
        auth: requests.auth.AuthBase | None,
        exchanges: list[_Exchange],
        begin_by: float = math.inf,
    ) -> Answer:
        started_at, started = self._clock(), time.monotonic()
        answer: Answer | NoAnswer
        try:
            answer = self._http.send(request, auth, begin_by=begin_by)
        except NoAnswer as error:
            answer = error
        duration_ms = round((time.monotonic() - started) * 1000)
        exchanges.append(_Exchange(started_at, duration_ms, request, answer))
        if isinstance(answer, NoAnswer):
            raise answer
        return answer

    def _attempt(
        self, exchange: _Exchange, outcome: Outcome, report_ids: tuple[int, ...]
    ) -> Attempt:
        answer = exchange.answer
        return Attempt(
            started_at=exchange.started_at,
            duration_ms=exchange.duration_ms,
            method=str(exchange.request.method),
            url=mask(str(exchange.request.url)),
            http_status=answer.status if isinstance(answer, Answer) else None,
            outcome=outcome,
            request=kept(_body(exchange.request), self._keep_bytes),
            answer=kept(
                answer.text() if isinstance(answer, Answer) else str(answer), self._keep_bytes
            ),
            report_ids=report_ids,
        )


def without_answer(error: CannotSign | NoAnswer) -> Outcome:
    """What it means that no answer could be had."""
    if isinstance(error, CannotSign):
        return error.outcome
    return Unclear(str(error)) if error.sent else TryLater(str(error), whole_lane=error.forbidden)


def _without(what: str, error: NoAnswer) -> TryLater:
    return TryLater(f"no {what}, {error}", whole_lane=error.forbidden)


def line_to(system: System[Any], settings: Settings, *, within_s: float | None = None) -> Http:
    """The connections to a vendor, with its certificates, its time limits or another one."""
    own = system.settings
    return Http(
        timeout_s=within_s or own.timeout_s or settings.request_timeout_s,
        connect_timeout_s=settings.connect_timeout_s,
        max_bytes=settings.answer_max_bytes,
        cert=system.certificate(),
        ca_file=own.ca_file,
        public_only=not own.private_address,
    )


def _body(request: requests.Request) -> str:
    data = request.data
    if isinstance(data, bytes):
        return data.decode("utf-8", "replace")
    if isinstance(data, str):
        return data
    return str(request.json if request.json is not None else request.params or "")
