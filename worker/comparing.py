"""What we told a vendor of a day beside what it can read back to us.

Ours are entered first, then the vendor's are ticked off page by page: whatever we look for was
accepted before the first page was read.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine

from worker import ledger
from worker.asking import Asker
from worker.copies import Span
from worker.events import Kind
from worker.journal import reconciliation as journal
from worker.journal.reconciliation import Told
from worker.journal.states import State
from worker.ledger import Entry, Ledger
from worker.roster import AnySystem

# The clock of a device may be ahead of ours: a record may be told before its own end.
CLOCKS_APART = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be compared.

    Attributes:
        expected_by: what the vendor accepted later need not be on its pages yet.
        scratch: where large things may be put for a while.
    """

    engine: Engine
    system: AnySystem
    kind: Kind
    day: date
    asker: Asker
    expected_by: datetime
    scratch: Path


@contextmanager
def compared(question: Question) -> Iterator[Ledger]:
    """Both sides of a vendor that reads back what it was told.

    Raises:
        NotRead, CannotSign, NoAnswer, Stopping, LockError: the vendor's side is not known whole.
    """
    since, until = journal.bounds(question.day)
    with ledger.opened(question.scratch, since, until) as book:
        for batch in _told(question):
            book.enter(_entries(question, batch))
        _tick_off_theirs(question, book)
        # What was under way when ours were entered may have been read as well.
        for batch in _told(question, after=book.last_entered()):
            book.enter_late(list(_entries(question, batch)))
        for report_ids in book.unexpected():
            book.expect(journal.accepted_of(question.engine, report_ids))
        yield book


def _tick_off_theirs(question: Question, book: Ledger) -> None:
    system, kind = question.system, question.kind
    since, until = journal.bounds(question.day)
    told = journal.told_since(question.engine, system.vendor, kind, since - CLOCKS_APART)
    for copies in system.read_back(kind, Span(since, until, told), question.asker.send):
        book.tick_off(copies)


def _told(question: Question, *, after: int = 0) -> Iterator[Iterable[Told]]:
    since, until = journal.bounds(question.day)
    system, kind = question.system, question.kind
    batches = journal.told(question.engine, system.vendor, kind, since, until, after=after)
    for batch in batches:
        question.asker.hold()
        yield batch


def _entries(question: Question, batch: Iterable[Told]) -> Iterator[Entry]:
    for told in batch:
        accepted_at = told.settled_at if told.state is State.ACCEPTED else None
        yield Entry(
            told.report_id,
            told.event.subject,
            question.system.copy_of(told.event),
            expected=accepted_at is not None and accepted_at <= question.expected_by,
        )
