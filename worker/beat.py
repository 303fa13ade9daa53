"""The clock's sign of life: a file as fresh as its last look at the timetable."""

from functools import cached_property
from pathlib import Path
from typing import Any

from celery.beat import PersistentScheduler

from worker.vital import FOLDER


class LivingScheduler(PersistentScheduler):  # type: ignore[misc] # Celery has no types
    """Celery's own, which beside each look touches `health/beat` in its schedule's directory."""

    @cached_property
    def _sign(self) -> Path:
        return Path(self.schedule_filename).parent / FOLDER / "beat"

    def setup_schedule(self) -> None:
        """Read the timetable, and begin to say that it is looked at."""
        super().setup_schedule()
        self._sign.parent.mkdir(parents=True, exist_ok=True)
        self._sign.write_text("ok\n", "utf-8")

    def tick(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 as the base
        """Send what is due; how long to wait for what is due next."""
        wait_s = super().tick(*args, **kwargs)
        self._sign.touch()
        return wait_s

    def close(self) -> None:
        """Leave no file that could be taken for a living clock's."""
        self._sign.unlink(missing_ok=True)
        super().close()
