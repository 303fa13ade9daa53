"""The charging piles of document 003: their status, their totals and who waits for them."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(slots=True)
class Pile:
    """One pile; it starts `off`, as the document says of a pile that has logged in."""

    number: int
    status: str = "off"
    changes: int = 0

    @property
    def identity(self) -> str:
        """The same as long as the status stays the same."""
        return f"{self.number} {self.status} {self.changes}"

    def set(self, status: str) -> None:
        """Take a status from the administrator."""
        self.changes += status != self.status
        self.status = status

    def log_in(self) -> None:
        """Be off and under the administrator's control again."""
        self.set("off")

    def shown(self) -> dict[str, object]:
        """The pile as the document shows it; totals grow with its number."""
        return {
            "charging_station_id": self.number,
            "status": self.status,
            "total_charging_times": 10 * self.number,
            "total_charging_power": 120.5 * self.number,
            "total_charging_duration": 36.5 * self.number,
        }

    def shown_queue(self) -> list[dict[str, object]]:
        """Who waits: nobody unless the pile is on."""
        if self.status != "on":
            return []
        waiting = {
            "user_id": f"user-{self.number}",
            "battery_capacity": 60.0,
            "request_quantity": 22.5,
            "waiting_time": 600,
        }
        return [waiting]


class Piles:
    """All piles of one administrator."""

    def __init__(self, numbers: Sequence[object]) -> None:
        """Begin with these piles.

        Raises:
            ValueError: a number is not a whole number.
        """
        self._numbers = [number for number in numbers if type(number) is int]
        if len(self._numbers) != len(numbers):
            raise ValueError("piles must be whole numbers")
        self.restart()

    def restart(self) -> None:
        """Let every pile be as at the start."""
        self._piles = {number: Pile(number) for number in self._numbers}

    def numbers(self) -> list[int]:
        """The piles there are."""
        return list(self._piles)

    def find(self, number: int) -> Pile | None:
        """The pile of this number."""
        return self._piles.get(number)

    def shown(self) -> list[dict[str, object]]:
        """All piles as the document shows them."""
        return [pile.shown() for pile in self._piles.values()]
