"""Telling a vendor where to call us, and taking it back, by the vendor's own calls."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from worker.callback import Callback
from worker.calling import Caller, Made
from worker.journal import callback_urls
from worker.outcomes import Accepted
from worker.roster import AnySystem


@dataclass(frozen=True, slots=True)
class Step:
    """One callback, and what came of telling the vendor about it; `made` is None if none was."""

    name: str
    url: str
    made: Made | None

    @property
    def well(self) -> bool:
        """Whether the vendor has taken it."""
        return self.made is not None and isinstance(self.made.reply.outcome, Accepted)


class Registration:
    """One vendor's callbacks under our address."""

    def __init__(self, engine: Engine, system: AnySystem, caller: Caller, base: str) -> None:
        """`base` is how the vendor reaches the callback server."""
        self._engine = engine
        self._system = system
        self._caller = caller
        self._base = base

    def urls(self) -> Mapping[str, str]:
        """The URL of each callback."""
        return urls(self._system, self._base)

    def register(self, now: datetime) -> Iterator[Step]:
        """Tell the vendor each URL; what it takes is remembered."""
        for name, callback in self._system.callbacks.items():
            step = self._told(name, callback, callback.register)
            if step.well:
                callback_urls.remember(self._engine, self._system.vendor, name, step.url, now)
            yield step

    def remove(self) -> Iterator[Step]:
        """Take back each URL that the vendor's calls can take back."""
        for name, callback in self._system.callbacks.items():
            step = self._told(name, callback, callback.remove)
            if step.well:
                callback_urls.forget(self._engine, self._system.vendor, name)
            yield step

    def _told(self, name: str, callback: Callback, operation: str | None) -> Step:
        url = self.urls()[name]
        if operation is None:
            return Step(name, url, None)
        model = self._system.operations[operation].arguments
        given = {"url": url} if operation == callback.register else {}
        return Step(name, url, self._caller.call(operation, model.model_validate(given)))


def urls(system: AnySystem, base: str) -> Mapping[str, str]:
    """The URL of each callback of a vendor."""
    return {name: f"{base}/callbacks/{system.vendor}/{name}" for name in system.callbacks}
