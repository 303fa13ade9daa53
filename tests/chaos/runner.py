"""Runs a cell: stage → load and fault → settle → account → one row of the table."""

import shutil
import tempfile
import traceback
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.cell import Cell, NotRun
from tests.chaos.disk import Disk
from tests.chaos.ground import Ground
from tests.chaos.load import Size
from tests.chaos.servers import InVain
from tests.chaos.stage import Stage


@dataclass
class Row:
    """What came of a cell on one database."""

    cell: Cell
    database: str
    events: int = 0
    lost: int = 0
    doubles: dict[str, int] = field(default_factory=dict)
    unclear: int = 0
    held: int = 0
    went_on_s: float | None = None
    ended_s: float | None = None
    faults: list[str] = field(default_factory=list)
    not_run: str | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def late(self) -> bool:
        """Whether delivery went on later than the bar of the cell."""
        bar_s = self.cell.within_s
        return bar_s is not None and (self.went_on_s is None or self.went_on_s > bar_s)


def run(cell: Cell, database: str, place: Ground, size: Size, seed: int) -> Row:
    """One cell on one database; the relay's folder is kept when there is a fault, and named."""
    row = Row(cell, database)
    folder = Path(tempfile.mkdtemp(prefix=f"relay-chaos-{_slug(cell.name)}-"))
    folder.chmod(0o755)  # the user that runs PostgreSQL passes through
    try:
        _run(row, folder, place, size, seed)
    finally:
        if row.faults:
            row.faults.append(f"its logs: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    return row


def _run(row: Row, folder: Path, place: Ground, size: Size, seed: int) -> None:
    """Play it; what does not end is written down as a fault."""
    cell = row.cell
    try:
        disk = Disk(folder / "disk") if cell.disk else None
        stage = Stage(place, folder, row.database, size, seed, fsync=cell.fsync, disk=disk)
    except NotRun as reason:
        row.not_run = str(reason)
        return
    except Exception:  # noqa: BLE001 any fault belongs into the table
        row.faults.append(traceback.format_exc())
        return
    try:
        cell.play(stage)
        stage.settle()
    except NotRun as reason:
        row.not_run = str(reason)
    except InVain as reason:
        row.faults.append(str(reason))
    except Exception:  # noqa: BLE001 any fault belongs into the table
        row.faults.append(traceback.format_exc())
    finally:
        if row.not_run is None:
            _count(stage, row)
        stage.close()


def _count(stage: Stage, row: Row) -> None:
    try:
        account = stage.account()
        row.unclear = stage.unclear()
    except Exception:  # noqa: BLE001 any fault belongs into the table
        row.faults.append(traceback.format_exc())
        return
    row.events = stage.producer.book.events
    row.lost, row.doubles, row.held = account.lost, account.doubles, account.held
    row.faults += [*stage.faults, *account.faults]
    row.notes = stage.notes
    row.went_on_s, row.ended_s = stage.clock.went_on_s, stage.clock.ended_s
    if account.lost:
        row.faults.append(f"{account.lost} lost")
    if account.undoubted:
        row.faults.append(f"{account.undoubted} told twice though never Unclear")
    if account.doubles["city-platform"] or account.doubles["held-garage"]:
        row.faults.append(f"told twice under verify or hold: {account.doubles}")
    if sum(account.doubles.values()) and not row.cell.doubts:
        row.faults.append(f"told twice: {account.doubles}")


def _slug(name: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in name)[:40]
