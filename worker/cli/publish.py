"""`chargerelay publish`: events from a file of JSON lines onto their queues."""

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, BinaryIO

import typer
from redis.exceptions import RedisError
from rich.progress import Progress

from config.settings import Settings
from worker.cli import needs
from worker.cli.faults import NotDone
from worker.cli.output import console, say
from worker.events import Kind
from worker.intake.read import Reader
from worker.producer import PIPELINED, Producer
from worker.wire import NotAnEvent, read_json, write_json
from worker.wording import counted

Item = Mapping[str, object]


def publish(
    file: Annotated[str, typer.Argument(metavar="FILE", help="JSON lines; - reads from stdin.")],
    kind: Annotated[
        Kind | None,
        typer.Option(metavar="KIND", help="Of the lines that have no `kind` themselves."),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Publish nothing; read every line as the intake would.")
    ] = False,
) -> None:
    """Publish events, in their order; each line is a JSON object with its `kind`.

    A line that is no such object is named and left out; the others are published.

    Example: chargerelay publish events.jsonl
    """
    settings = needs.settings()
    with ExitStack() as stack:
        lines = stack.enter_context(_lines(file))
        if check:
            sink: Checking | Publishing = Checking(settings)
        else:
            sink = Publishing(Producer(stack.enter_context(needs.broker(settings))))
        bad = 0
        for number, line in lines:
            try:
                sink.add(*_item(line, kind))
            except NotAnEvent as fault:
                bad += 1
                say(f"{file}:{number}: {fault}", err=True)
        sink.end()
    done = ", ".join(f"{count} {kind}" for kind, count in sorted(sink.counts.items())) or "nothing"
    say(f"{sink.word} {done}" + (f"; at fault: {counted(bad, 'line')}" if bad else ""))
    if bad:
        raise typer.Exit(1)


class Publishing:
    """Collects items by kind and publishes them in batches; within a kind the order is kept."""

    word = "published"

    def __init__(self, producer: Producer) -> None:
        self.counts: Counter[Kind] = Counter()
        self._producer = producer
        self._waiting: dict[Kind, list[Item]] = {kind: [] for kind in Kind}

    def add(self, kind: Kind, item: Item) -> None:
        """Take one item."""
        self._waiting[kind].append(item)
        if len(self._waiting[kind]) >= PIPELINED:
            self._publish(kind)

    def end(self) -> None:
        """Publish what is left."""
        for kind in Kind:
            self._publish(kind)

    def _publish(self, kind: Kind) -> None:
        try:
            self.counts[kind] += self._producer.publish(kind, self._waiting[kind])
        except RedisError as error:
            raise NotDone(
                f"the broker went away ({error}) after {self.counts.total()} events were "
                "published; publish the same file again, duplicates are recognised"
            ) from None
        self._waiting[kind] = []
        self.counts += Counter()


class Checking:
    """Reads items as the intake would, and publishes nothing."""

    word = "fit to be published:"

    def __init__(self, settings: Settings) -> None:
        self.counts: Counter[Kind] = Counter()
        self._readers = {
            kind: Reader(
                kind,
                item_max_bytes=settings.item_max_bytes,
                keep_bytes=0,
                status_future_s=settings.status_future_s,
            )
            for kind in Kind
        }

    def add(self, kind: Kind, item: Item) -> None:
        """Read one item.

        Raises:
            NotAnEvent: it would become a reject.
        """
        raw = write_json(item).encode()
        _, unread = self._readers[kind].read([raw], datetime.now(UTC))
        if unread:
            raise NotAnEvent(unread[0].reason)
        self.counts[kind] += 1

    def end(self) -> None:
        """Nothing is left."""


def _item(line: bytes, otherwise: Kind | None) -> tuple[Kind, Item]:
    try:
        value = read_json(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise NotAnEvent(f"not UTF-8 at byte {error.start}") from None
    if not isinstance(value, dict):
        raise NotAnEvent("expected a JSON object")
    word = value.pop("kind", otherwise)
    if word not in list(Kind):
        given = "no kind" if word is None else f"kind {word}"
        raise NotAnEvent(f"{given}; expected one of {', '.join(Kind)}")
    if b"\\u" in line:
        write_json(value)  # half a surrogate pair would be refused only amidst a batch
    return Kind(str(word)), value


@contextmanager
def _lines(file: str) -> Iterator[Iterator[tuple[int, bytes]]]:
    """The lines that are not blank, with their numbers; on a terminal with a bar."""
    if file == "-":
        yield _numbered(sys.stdin.buffer)
        return
    try:
        stream = Path(file).open("rb")  # noqa: SIM115 closed below
    except OSError as error:
        raise NotDone(f"{file} cannot be read: {error.strerror}") from None
    with stream, _bar(stream) as seen:
        yield _numbered(seen)


@contextmanager
def _bar(stream: BinaryIO) -> Iterator[BinaryIO]:
    if not sys.stderr.isatty():
        yield stream
        return
    with Progress(console=console(err=True), transient=True) as progress:
        size = Path(stream.name).stat().st_size
        with progress.wrap_file(stream, total=size, description="publishing") as seen:
            yield seen


def _numbered(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    try:
        for number, line in enumerate(stream, 1):
            bare = (line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line).strip()
            if bare:
                yield number, bare
    except OSError as error:
        raise NotDone(f"{getattr(stream, 'name', '-')} cannot be read: {error.strerror}") from None
