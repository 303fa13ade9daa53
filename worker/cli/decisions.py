"""`chargerelay rejects` and `conflicts`: what waits for a person, and the person's word."""

from typing import Annotated

import typer
from redis import Redis

from worker.acts import Acts
from worker.cli import needs
from worker.cli.listings import ID, REASON
from worker.cli.options import AsJson, Limit, OfKind, Since, Subject, Until
from worker.cli.output import Column, Row, say, show
from worker.cli.who import By, asks
from worker.journal import listings
from worker.journal.content import differing
from worker.journal.listings import Filters
from worker.wording import counted, local

RECEIVED = Column("received", lambda row: local(row["received_at"]), 14)
RAW_CHARS = 120


def rejects(
    kind: OfKind = None,
    since: Since = None,
    until: Until = None,
    put_back: Annotated[
        list[int] | None,
        typer.Option(
            metavar="ID", help="Put this one back on its queue; may be given several times."
        ),
    ] = None,
    by: By = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List the items of the queues that could not be read, newest first, or put some back.

    Example: chargerelay rejects --put-back 12 --put-back 13
    """
    settings = needs.settings()
    if put_back:
        with needs.journal(settings) as engine, needs.broker(settings) as redis:
            _put_back(Acts(engine, settings, asks(by)), redis, put_back)
        return
    columns = [
        ID,
        Column("queue", lambda row: row["queue"], 16),
        RECEIVED,
        Column("put back", lambda row: local(row["put_back_at"]), 14),
        REASON,
        Column("raw", lambda row: _beginning(row["raw"])),
    ]
    with needs.journal(settings) as engine:
        filters = Filters(kind=kind, since=since, until=until)
        rows = listings.rejects(engine, filters, limit=limit)
        show(rows, columns, as_json=as_json, nothing="no such rejects")


def conflicts(
    kind: OfKind = None,
    subject: Subject = None,
    since: Since = None,
    until: Until = None,
    undecided: Annotated[bool, typer.Option("--undecided", help="Without a decision.")] = False,
    keep: Annotated[
        list[int] | None,
        typer.Option(
            metavar="ID", help="The first content of this one stays; may be given several times."
        ),
    ] = None,
    replace: Annotated[
        list[int] | None,
        typer.Option(
            metavar="ID", help="The second content holds, and the vendors are told anew; likewise."
        ),
    ] = None,
    by: By = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List events that came twice with different content, newest first, or decide which holds.

    Example: chargerelay conflicts --replace 7
    """
    settings = needs.settings()
    with needs.journal(settings) as engine:
        if keep or replace:
            acts = Acts(engine, settings, asks(by))
            _keep(acts, keep or [])
            _replace(acts, replace or [])
            return
        columns = [
            ID,
            Column("kind", lambda row: row["kind"], 14),
            Column("subject", lambda row: row["subject"], 18),
            RECEIVED,
            Column("first → second", _difference),
            Column("decision", lambda row: row["decision"] or "undecided", 9),
        ]
        filters = Filters(kind=kind, subject=subject, since=since, until=until)
        rows = listings.conflicts(engine, filters, undecided=undecided, limit=limit)
        shown = (_without_event(row) for row in rows) if as_json else rows
        show(shown, columns, as_json=as_json, nothing="no such conflicts")


def _put_back(acts: Acts, redis: Redis, ids: list[int]) -> None:
    for reject_id in ids:
        say(f"reject {reject_id} is back on {acts.put_back(redis, reject_id)}")


def _keep(acts: Acts, ids: list[int]) -> None:
    for conflict_id in ids:
        acts.keep(conflict_id)
        say(f"conflict {conflict_id}: the first content stays")


def _replace(acts: Acts, ids: list[int]) -> None:
    for conflict_id in ids:
        told = f"for {counted(acts.replace(conflict_id), 'report')} to be sent anew"
        say(f"conflict {conflict_id}: the second content holds, {told}")


def _beginning(raw: bytes) -> str:
    return raw[:RAW_CHARS].decode("utf-8", "backslashreplace")


def _without_event(row: Row) -> Row:
    return {key: value for key, value in row.items() if key != "event_body"}


def _difference(row: Row) -> str:
    return ", ".join(f"{field}: {first} → {second}" for field, first, second in differing(row))
