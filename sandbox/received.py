"""What a played vendor accepted and how often it was asked, so that deliveries can be counted.

A batch keeps its request body once; items point into it and are parsed only when read.
"""

import json
import time
from collections import deque
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

_REPEATED_KEYS_SHOWN = 1000


class Item(NamedTuple):
    """One accepted item: `key` is the system's own (orderNo, startChargeSeq, cellId)."""

    seq: int
    at_s: float
    """Monotonic clock of the sandbox."""
    kind: str
    path: str
    key: str
    identity: str
    """Equal in two items that tell the same thing."""
    repeated: bool
    request_body: bytes
    place: int | None
    """Place in a batch from 0; None when the body is the item."""

    def body(self) -> dict[str, object]:
        """The item as it was received."""
        content = _parsed(self.request_body)
        found: dict[str, object] = content if self.place is None else content[self.place]
        return dict(found)

    def shown(self) -> dict[str, object]:
        """The item for the control interface."""
        return {
            "seq": self.seq,
            "at_s": self.at_s,
            "kind": self.kind,
            "path": self.path,
            "key": self.key,
            "repeated": self.repeated,
            "body": self.body(),
        }


@dataclass(slots=True)
class Counters:
    """How often a vendor was asked and what became of it; items where named, else requests."""

    requests: int = 0
    accepted_items: int = 0
    repeated_items: int = 0
    refused: int = 0
    faulted: int = 0
    token_fetches: int = 0
    failed_later: int = 0
    """Items that were answered with success and lost all the same."""
    callbacks_sent: int = 0
    """Requests of the vendor's own, each try of a callback for itself."""
    callbacks_refused: int = 0
    """Of these, those that were not taken."""
    callbacks_dropped: int = 0
    """Callbacks that are not tried again."""
    in_flight: int = 0
    max_in_flight: int = 0
    accepted_by_kind: dict[str, int] = field(default_factory=dict)


class Received:
    """Everything one vendor accepted, in order of arrival, until it is forgotten."""

    def __init__(self) -> None:
        """Begin with nothing received."""
        self.counters = Counters()
        self._clear()

    def _clear(self) -> None:
        self._items: list[Item] = []
        self._identities: set[tuple[str, str]] = set()
        self._repeated_keys: deque[str] = deque(maxlen=_REPEATED_KEYS_SHOWN)

    def knows(self, kind: str, identity: str) -> bool:
        """Whether an item of this identity was accepted before."""
        return (kind, identity) in self._identities

    def accept(
        self,
        kind: str,
        path: str,
        key: str,
        identity: str,
        request_body: bytes,
        place: int | None = None,
    ) -> Item:
        """Store an item; one whose identity is known is stored again and counted as repeated."""
        repeated = self.knows(kind, identity)
        if repeated:
            self.count_repeated(key)
        self._identities.add((kind, identity))
        seq = len(self._items) + 1
        now = time.monotonic()
        item = Item(seq, now, kind, path, key, identity, repeated, request_body, place)
        self._items.append(item)
        self.counters.accepted_items += 1
        by_kind = self.counters.accepted_by_kind
        by_kind[kind] = by_kind.get(kind, 0) + 1
        return item

    def unlearn(self, item: Item) -> None:
        """Let the next item of this identity be no repetition; the item stays received."""
        self._identities.discard((item.kind, item.identity))

    def count_repeated(self, key: str) -> None:
        """Count an item that was there already."""
        self.counters.repeated_items += 1
        self._repeated_keys.append(key)

    def since(self, seq: int, limit: int) -> list[Item]:
        """Items that arrived after number `seq`, at most `limit`; 0 means all."""
        return self._items[seq : seq + limit] if limit else self._items[seq:]

    def shown_counters(self) -> dict[str, object]:
        """The counters for the control interface, with the keys repeated last."""
        return asdict(self.counters) | {"repeated_keys": list(self._repeated_keys)}

    def forget(self) -> None:
        """Forget all items and counts; requests in flight stay counted."""
        in_flight = self.counters.in_flight
        self.counters = Counters(in_flight=in_flight, max_in_flight=in_flight)
        self._clear()


@lru_cache(maxsize=32)
def _parsed(request_body: bytes) -> Any:  # noqa: ANN401 - any JSON
    """The body of a batch once for all of its items that are shown together."""
    return json.loads(request_body)
