"""One call of a vendor, from its bytes to our answer: found, admitted, read, kept."""

import hashlib
import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import ValidationError
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from config.logs import mask
from config.settings import Settings
from worker import metrics
from worker.callback import Callback, Called, Heard, Meaning, Refusal
from worker.callbacks.raw import Raw
from worker.callbacks.trickle import Trickle
from worker.events import Kind, parse
from worker.journal import callbacks as journal
from worker.journal import samples
from worker.journal.arrivals import Arrival
from worker.journal.callbacks import Fate, Kept, Trace
from worker.journal.engine import away, reading, unstorable
from worker.roster import AnySystem
from worker.wire import NotAnEvent, kept, write_json

log = logging.getLogger(__name__)

NAME_CHARS = 64
TRACES_A_MINUTE = 60
OUTCOMES = {200: "taken", 409: "repeated", 500: "failed", 503: "not-kept"}
NOT_NOW = "it could not be kept; call again later"


@dataclass(frozen=True, slots=True)
class Answered:
    """What leaves.

    Attributes:
        news: it brought events, which are to be published.
    """

    http_status: int
    body: Mapping[str, object]
    news: bool = False


class Door:
    """Answers the vendors' calls, from any thread."""

    def __init__(
        self,
        engine: Engine,
        vendors: Mapping[str, AnySystem],
        settings: Settings,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.vendors = vendors
        self.settings = settings
        self._engine = engine
        self._clock = clock
        self._traces = Trickle(TRACES_A_MINUTE, clock)

    def answer(self, vendor: str, name: str, raw: Raw | Refusal) -> Answered:
        """Take a call, or refuse it; never raises.

        Args:
            vendor: as the path names it.
            name: of the callback, as the path ends.
            raw: the request; or why it could not be read.
        """
        began = time.monotonic()
        answered = self._answer(vendor, name, raw)
        outcome = OUTCOMES.get(answered.http_status, "refused")
        metrics.callback(*self._counted(vendor, name), outcome, time.monotonic() - began)
        return answered

    def _counted(self, vendor: str, name: str) -> tuple[str, str]:
        """As it is counted: what no vendor is called, and no callback, under one name."""
        try:
            return vendor, _find(self.vendors.get(vendor), name)[1]
        except Refusal:
            return vendor if vendor in self.vendors else metrics.NOBODY, metrics.NOBODY

    def _answer(self, vendor: str, name: str, raw: Raw | Refusal) -> Answered:
        now = self._clock()
        system = self.vendors.get(vendor)
        # A caller may have put its token where a name belongs.
        vendor, name = mask(vendor)[:NAME_CHARS], mask(name)[:NAME_CHARS]
        try:
            system, name, callback = _find(system, name)
            meaning, answered = self._take(system, callback, name, raw, now)
        except Refusal as refusal:
            self._leave_trace(vendor, name, raw, refusal, now)
            return _refused(system, refusal)
        except SQLAlchemyError as error:
            fault = Refusal(400, f"it cannot be stored: {away(error)}")
            if not unstorable(error):
                log.warning("%s %s waits for the journal: %s", vendor, name, away(error))
                fault = Refusal(503, NOT_NOW)
            return _refused(system, fault)
        except Exception:
            log.exception("%s %s cannot be taken", vendor, name)
            return _refused(system, Refusal(500, NOT_NOW))
        log.info(
            "%s %s taken: %s (%s)",
            vendor,
            name,
            meaning.subject,
            meaning.reason,
            extra={"fields": {"vendor": vendor, "callback": name, "subject": meaning.subject}},
        )
        return answered

    def _take(
        self, system: AnySystem, callback: Callback, name: str, raw: Raw | Refusal, now: datetime
    ) -> tuple[Meaning, Answered]:
        raw = _readable(raw, callback)
        called = Called(
            name=name,
            query=raw.query,
            headers=raw.headers,
            fields=raw.fields(callback.content),
            body=raw.body,
            received_at=now,
            clock_s=self.settings.callback_clock_s,
        )
        proof = callback.admit(system, called)
        try:
            told = callback.arguments.model_validate(called.fields)
        except ValidationError as error:
            raise Refusal(400, _faults(error)) from None
        heard = Heard(now, lambda n, s: journal.first_taken(self._engine, system.vendor, n, s))
        meaning = callback.take(system, told, heard)
        trace = self._trace(system.vendor, name, raw, now, _fingerprint(name, proof))
        done = journal.keep(self._engine, trace, meaning, self._checked(meaning), now)
        return meaning, _answer(system, callback, meaning, done)

    def _checked(self, meaning: Meaning) -> Sequence[Arrival]:
        """The events as the intake will read them; a warning learns where its connector stands."""
        checked = []
        for kind, given in meaning.events:
            content = dict(given)
            if kind is Kind.SAFETY_WARNING and "connectorId" in content:
                with reading(self._engine) as connection:
                    content = {**samples.place(connection, str(content["connectorId"])), **content}
            try:
                identity = parse(kind, content).identity
            except NotAnEvent as error:
                raise Refusal(400, f"it makes no {kind}: {error}") from None
            checked.append(Arrival(kind, identity, write_json(content)))
        return checked

    def _leave_trace(
        self, vendor: str, name: str, raw: Raw | Refusal, refusal: Refusal, now: datetime
    ) -> None:
        """A line in the log, and a row; of a flood not every row, or it would fill the disk."""
        log.warning(
            "%r %r refused: %d %s",
            vendor,
            name,
            refusal.http_status,
            refusal.reason,
            extra={"fields": {"vendor": vendor, "callback": name}},
        )
        if not self._traces.take():
            return
        trace = self._trace(vendor, name, raw, now, None)
        fate = Fate.REPEATED if refusal.http_status == 409 else Fate.REFUSED
        try:
            journal.note(self._engine, trace, fate, refusal.http_status, refusal.reason)
        except SQLAlchemyError as error:
            log.warning("no trace was left: %s", away(error))

    def _trace(
        self, vendor: str, name: str, raw: Raw | Refusal, now: datetime, fingerprint: str | None
    ) -> Trace:
        # Cut before it is masked: looking for secrets takes longer the longer a text is.
        text = raw.text()[: self.settings.body_keep_bytes] if isinstance(raw, Raw) else ""
        return Trace(
            vendor=kept(vendor, NAME_CHARS),
            name=kept(name, NAME_CHARS),
            received_at=now,
            body=kept(text, self.settings.body_keep_bytes),
            fingerprint=fingerprint,
        )


def _find(system: AnySystem | None, name: str) -> tuple[AnySystem, str, Callback]:
    """The callback and its own name."""
    if system is None:
        raise Refusal(404, "no vendor of that name calls here")
    for known, callback in system.callbacks.items():
        if name == known or name in callback.also:
            return system, known, callback
    raise Refusal(404, f"no callback of that name; there are {', '.join(system.callbacks)}")


def _readable(raw: Raw | Refusal, callback: Callback) -> Raw:
    if isinstance(raw, Refusal):
        raise raw
    if raw.method != callback.method:
        raise Refusal(405, f"expected {callback.method}")
    return raw


def _fingerprint(name: str, proof: str | None) -> str | None:
    if proof is None:
        return None
    return hashlib.sha256(json.dumps([name, proof]).encode()).hexdigest()


def _answer(system: AnySystem, callback: Callback, meaning: Meaning, done: Kept) -> Answered:
    if done.fate is Fate.REPEATED and not callback.repeatable:
        raise Refusal(409, "this very call was taken before")
    if meaning.sample is not None and done.sample is None:
        return _refused(system, Refusal(404, "nothing is known of that connector and time"))
    data = callback.show(system, done.sample) if callback.show and done.sample else None
    news = done.fate is Fate.TAKEN and bool(meaning.events)
    return Answered(200, system.answer(200, "success", data), news=news)


def _refused(system: AnySystem | None, refusal: Refusal) -> Answered:
    """In the shape of the vendor's system; without one, in the plainest."""
    status, reason = refusal.http_status, refusal.reason
    if system is None:
        return Answered(status, {"status": status, "message": reason})
    return Answered(status, system.answer(status, reason))


def _faults(error: ValidationError) -> str:
    faults = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in faults[:10])
