"""One file with what the embedded default holds: its journal, and what waits on the broker's lists.

The lists are read before the journal: what goes from the one to the other meanwhile is in both, and
a duplicate when it is restored. Read the other way round it could be in neither.
"""

import base64
import json
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import cast

from redis import Redis

from worker.broker import PROCESSING
from worker.events import Kind

JOURNAL, ITEMS, ABOUT = "journal.sqlite3", "items.jsonl", "about.json"
AT_A_TIME = 1000


class BadBackup(Exception):
    """The file is no backup, or not a whole one; the message says what is wrong."""


@dataclass(frozen=True, slots=True)
class About:
    """What a backup says of itself.

    Attributes:
        made_at: when the journal was read, RFC 3339.
        items: how many waited on the lists.
    """

    made_at: str
    items: int


def write(target: Path, redis: Redis, journal: Path, now: datetime) -> About:
    """Make a backup; the target is there when it is whole, and not before.

    Raises:
        OSError, sqlite3.Error: there is no room, or the journal cannot be read.
    """
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=target.parent) as scratch:
        folder = Path(scratch)
        with (folder / ITEMS).open("w", encoding="ascii") as lines:
            items = 0
            for queue, item in _items(redis):
                line = {"queue": queue, "item": base64.b64encode(item).decode()}
                lines.write(f"{json.dumps(line)}\n")
                items += 1
        with closing(sqlite3.connect(journal)) as source:
            source.execute("VACUUM INTO ?", (str(folder / JOURNAL),))
        about = About(now.isoformat(), items)
        (folder / ABOUT).write_text(json.dumps(asdict(about)), "utf-8")
        whole = folder / "whole"
        with tarfile.open(whole, "w:gz") as archive:
            for name in (ABOUT, ITEMS, JOURNAL):
                archive.add(folder / name, name)
        whole.replace(target)
    return about


def unpack(source: Path, folder: Path) -> About:
    """Take a backup apart, into a folder of its own.

    Raises:
        BadBackup: it is none, or it is damaged.
        OSError: it cannot be read, or there is no room.
    """
    try:
        with tarfile.open(source) as archive:
            for name in (ABOUT, ITEMS, JOURNAL):
                packed = archive.extractfile(name)
                if packed is None:
                    raise BadBackup(f"{source} is no backup: {name} is no file")
                with packed, (folder / name).open("wb") as out:
                    shutil.copyfileobj(packed, out)
        about = About(**json.loads((folder / ABOUT).read_text("utf-8")))
        with closing(sqlite3.connect(folder / JOURNAL)) as journal:
            found = journal.execute("PRAGMA quick_check(1)").fetchone()[0]
    except (tarfile.TarError, EOFError, KeyError, TypeError, ValueError, sqlite3.Error) as error:
        raise BadBackup(f"{source} is no backup, or a damaged one: {error}") from error
    if found != "ok":
        raise BadBackup(f"the journal in {source} is damaged: {found}")
    return about


def put_back(folder: Path, redis: Redis) -> int:
    """Push the items of an unpacked backup, to be taken before what waits already."""
    count = 0
    with (folder / ITEMS).open(encoding="ascii") as lines:
        while some := list(islice(lines, AT_A_TIME)):
            with redis.pipeline(transaction=False) as pipeline:
                for line in map(json.loads, some):
                    pipeline.rpush(line["queue"], base64.b64decode(line["item"]))
                pipeline.execute()
            count += len(some)
    return count


def _items(redis: Redis) -> Iterator[tuple[str, bytes]]:
    """Of each queue the newest first, what a worker has taken of it last."""
    for kind in Kind:
        for item in _list(redis, kind.value):
            yield kind.value, item
        for taken in redis.scan_iter(PROCESSING.format(queue=kind.value, worker="*")):
            for item in _list(redis, taken):
                yield kind.value, item


def _list(redis: Redis, name: str | bytes) -> Iterator[bytes]:
    """From the left: what is pushed meanwhile is passed over or seen twice, nothing is missed."""
    start = 0
    while some := redis.lrange(name, start, start + AT_A_TIME - 1):
        yield from cast("list[bytes]", some)
        start += AT_A_TIME
