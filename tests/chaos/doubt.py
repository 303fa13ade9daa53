"""Which reports were Unclear at some time: only these may ever be told twice."""

import re
from pathlib import Path

from sqlalchemy import func, select

from tests.chaos.load import RECORD
from tests.journey.relay import Relay
from worker.journal import tables

FELL_SILENT = re.compile(r"(\d+) reports were in flight on a worker that fell silent")


def in_flight(relay: Relay) -> list[tuple[str, str, str]]:
    """Vendor, kind and subject of what is leased now."""
    report = tables.report.c
    query = select(report.vendor, report.kind, report.subject).where(report.state == "sending")
    return relay.rows(query)


def unanswered(relay: Relay) -> list[tuple[str, str]]:
    """Vendor and orderNo of the records of which an attempt ended unclear."""
    link, attempt, report = tables.attempt_report.c, tables.attempt.c, tables.report.c
    query = (
        select(report.vendor, report.subject)
        .join(tables.attempt_report, link.report_id == report.id)
        .join(tables.attempt, attempt.id == link.attempt_id)
        .where(attempt.outcome == "unclear", report.kind == RECORD)
    )
    return relay.rows(query)


def count(relay: Relay, folder: Path) -> int:
    """Reports that were Unclear: by their answers, or because their lease ran out."""
    link, attempt = tables.attempt_report.c, tables.attempt.c
    query = (
        select(func.count(link.report_id.distinct()))
        .join(tables.attempt, attempt.id == link.attempt_id)
        .where(attempt.outcome == "unclear")
    )
    logs = "".join(path.read_text("utf-8", "replace") for path in folder.glob("*.log"))
    return int(relay.rows(query)[0][0]) + sum(map(int, FELL_SILENT.findall(logs)))
