from pathlib import Path

from sqlalchemy import Engine

from config.settings import Settings
from tests.worker.desk import Desk
from tests.worker.keeper import NEXT_DAY, Office
from worker.journal.prune import prune
from worker.journal.reconciliation_tables import difference, reconciliation

DAY_S = 86_400


def test_reconciliations_go_with_their_differences_after_their_time(
    engine: Engine, tmp_path: Path
) -> None:
    office = Office(Desk(engine), tmp_path)
    office.deliver(*range(1, 4))
    office.keeper.copies = []
    for days in (0, 3):
        office.forward_to(NEXT_DAY)
        office.desk.forward(days * DAY_S)
        office.reconcile()
    settings = Settings(_env_file=None, keep_callback_days=5)

    def left() -> tuple[int, int]:
        prune(engine, settings, office.desk.now)
        return len(office.desk.all(reconciliation)), len(office.desk.all(difference))

    assert left() == (2, 6)
    office.desk.forward(2 * DAY_S + 1)
    assert left() == (1, 3)
    assert office.found() == [("missing", f"A-{number}") for number in (1, 2, 3)]
    office.desk.forward(3 * DAY_S)
    assert left() == (0, 0)
