"""The stations that a user has saved, document 002, by brand: in full or bit by bit."""

from collections.abc import Mapping, Sequence

Saved = Mapping[str, object]


class SavedStations:
    """Saved stations by vehicle brand."""

    def __init__(self) -> None:
        """Begin with none."""
        self.restart()

    def restart(self) -> None:
        """Forget all."""
        self._by_brand: dict[str, dict[tuple[object, object], Saved]] = {}

    def take(self, brand: str, stations: Sequence[Saved], *, in_full: bool) -> None:
        """Take what was saved or unsaved; in full replaces all, else the newest of each counts."""
        known = {} if in_full else self._by_brand.setdefault(brand, {})
        for station in stations:
            key = (station["operatorId"], station["stationId"])
            before = known.get(key)
            if before is None or _at(before) <= _at(station):
                known[key] = station
        self._by_brand[brand] = known

    def of(self, brand: str) -> list[Saved]:
        """The stations of a brand in the order in which they were first told."""
        return list(self._by_brand.get(brand, {}).values())


def _at(station: Saved) -> int:
    return int(str(station["lastUpdateTime"]))
