"""What a vendor that calls us back has in its own log of calls, and we have not heard.

Of the charges of which we heard the beginning that day and never the end, the vendor's log is
asked. An end that stands there is taken in as if the call had come.
"""

import hashlib
import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from pydantic import ValidationError
from sqlalchemy import Engine

from worker.callback import Heard, Refusal
from worker.comparing import Question
from worker.events import Kind, parse
from worker.journal import callbacks as calls
from worker.journal import reconciliation as journal
from worker.journal import unheard
from worker.journal.arrivals import Arrival
from worker.journal.callbacks import Trace
from worker.journal.reconciliation import Difference, Total, What
from worker.roster import AnySystem
from worker.wire import NotAnEvent, write_json

log = logging.getLogger(__name__)

# What began later may still go on: its end is not missed yet.
LONGEST = timedelta(days=1)

Fields = Mapping[str, object]


class CannotTakeIn(Exception):
    """What the vendor's log shows makes no event; the message says why."""


class Hearing:
    """Both sides of a day at a vendor that calls us back; amounts are not compared."""

    def __init__(self, question: Question) -> None:
        self._question = question
        self._heard = self._unheard = 0

    def differences(self) -> Iterator[Difference]:
        """Each end that the vendor's log has and we have not.

        Raises:
            NotRead, CannotSign, NoAnswer, Stopping, LockError: the log is not known whole.
        """
        question, system = self._question, self._question.system
        span = journal.bounds(question.day)
        for begun, ended in system.ends.items():
            for batch in unheard.begun(question.engine, system.vendor, begun, ended, span):
                question.asker.hold()
                self._heard += sum(one.ended for one in batch)
                for subject in (one.subject for one in batch if not one.ended):
                    fields = system.logged(ended, subject, question.asker.send)
                    if fields is None:
                        continue
                    self._unheard += 1
                    theirs = {unheard.CALLBACK: ended, unheard.REQ: fields}
                    yield Difference(What.UNKNOWN, subject, theirs=theirs)

    def ours(self) -> Total:
        """The charges whose end we have heard."""
        return Total(self._heard)

    def theirs(self) -> Total:
        """The charges whose end stands in the vendor's log."""
        return Total(self._heard + self._unheard)


def take_in(engine: Engine, system: AnySystem, name: str, fields: Fields, now: datetime) -> None:
    """Take a call of the vendor's log in as if it had come; a second time nothing happens.

    Raises:
        CannotTakeIn: it is not what the document describes.
    """
    callback = system.callbacks[name]
    heard = Heard(now, lambda n, s: calls.first_taken(engine, system.vendor, n, s))
    try:
        meaning = callback.take(system, callback.arguments.model_validate(fields), heard)
        events = [_arrival(kind, content) for kind, content in meaning.events]
    except (ValidationError, Refusal, NotAnEvent) as error:
        why = " ".join(str(error).split())
        raise CannotTakeIn(f"the {name} in the vendor's log makes no event: {why}") from error
    about = json.dumps(["the vendor's log", name, meaning.subject])
    trace = Trace(
        vendor=system.vendor,
        name=name,
        received_at=now,
        body=write_json(fields),
        fingerprint=hashlib.sha256(about.encode()).hexdigest(),
    )
    calls.keep(engine, trace, meaning, events, now)


def take_in_all(
    engine: Engine, system: AnySystem, reconciliation_id: int, now: datetime
) -> tuple[int, Sequence[str]]:
    """Take in what a reconciliation found unheard and was not taken in yet.

    Returns:
        How many were, and why the others were not.
    """
    taken, faults = 0, []
    for row in unheard.found(engine, reconciliation_id):
        try:
            take_in(engine, system, row.callback, row.fields, now)
        except CannotTakeIn as error:
            faults.append(f"{row.subject}: {error}")
            continue
        unheard.mark(engine, row.difference_id, now)
        taken += 1
    return taken, faults


def _arrival(kind: Kind, content: Fields) -> Arrival:
    return Arrival(kind, parse(kind, content).identity, write_json(content))
