"""The charge records that the platform of document 000 has, and the pages it reads back.

Controls: what they change is the platform's store, not what `received` tells of deliveries.

- `forget-records {"startChargeSeqs": ["…"]}` loses records; telling one again is no repetition.
  Answer: `{"forgotten": how many}`.
- `change-record {"startChargeSeq": "…", "fields": {"totalPower": 1.5}}` overwrites fields of a
  record, null removes one. Answer: the record as it now is.
- `records-order {"order": "newest-first" | "oldest-first" | "unsorted"}` is the order of the
  pages from now on; unsorted is always the same for the same records. Answer: the order.
"""

import zlib
from collections.abc import Mapping, Sequence

from sandbox.charging_station_answers import MAY_NOT, Complaint, page_window, refusal, success
from sandbox.operator_door import NOT_THIS_OPERATOR, OperatorDoor
from sandbox.received import Item, Received
from sandbox.system import Answer, Call, Control, ControlError

NEWEST_FIRST, OLDEST_FIRST, UNSORTED = "newest-first", "oldest-first", "unsorted"
ORDERS = (NEWEST_FIRST, OLDEST_FIRST, UNSORTED)
Fields = Mapping[str, object]


class StoredRecords:
    """The records in the order in which they came, each as often as it was told."""

    def __init__(self, door: OperatorDoor, received: Received) -> None:
        """Show pages to who may pass `door`."""
        self._door = door
        self._received = received
        self.forget()

    def forget(self) -> None:
        """Have no record; list newest first."""
        self._items: list[Item] = []
        self._changes: dict[int, dict[str, object]] = {}  # by the number of the item
        self._order = NEWEST_FIRST
        self._shuffled: list[Item] | None = None

    def add(self, item: Item) -> None:
        """Have one more record."""
        self._items.append(item)
        self._shuffled = None

    def controls(self) -> Mapping[str, Control]:
        """Lose records, change one, list them in another order."""
        return {
            "forget-records": self._forget_some,
            "change-record": self._change,
            "records-order": self._list_by,
        }

    def page(self, call: Call) -> Answer:
        """One page, counted from 1."""
        if complaint := self._door.complaint(call.headers):
            return refusal(Complaint(MAY_NOT, complaint))
        query = call.query
        if query.get("operatorId") != self._door.operator_id:
            return refusal(Complaint(MAY_NOT, NOT_THIS_OPERATOR))
        window = page_window(query)
        if isinstance(window, Complaint):
            return refusal(window)
        index, size = window
        page = self._slice((index - 1) * size, size)
        found = {
            "total": len(self._items),
            "pageIndex": index,
            "pageSize": size,
            "list": [self._shown(item) for item in page],
        }
        return success(found)

    def _slice(self, skip: int, limit: int) -> Sequence[Item]:
        if self._order == OLDEST_FIRST:
            return self._items[skip : skip + limit]
        if self._order == UNSORTED:
            if self._shuffled is None:
                self._shuffled = sorted(self._items, key=lambda item: zlib.crc32(item.key.encode()))
            return self._shuffled[skip : skip + limit]
        end = max(len(self._items) - skip, 0)
        return self._items[max(end - limit, 0) : end][::-1]

    def _shown(self, item: Item) -> dict[str, object]:
        changed = item.body() | self._changes.get(item.seq, {})
        return {name: value for name, value in changed.items() if value is not None}

    def _forget_some(self, content: Fields) -> object:
        seqs = content.get("startChargeSeqs")
        if not isinstance(seqs, list) or not all(isinstance(seq, str) for seq in seqs):
            raise ControlError("startChargeSeqs must be a list of text")
        lost = set(seqs)
        before = len(self._items)
        for item in self._items:
            if item.key in lost:
                self._received.unlearn(item)
        self._items = [item for item in self._items if item.key not in lost]
        self._shuffled = None
        return {"forgotten": before - len(self._items)}

    def _change(self, content: Fields) -> object:
        seq, fields = content.get("startChargeSeq"), content.get("fields")
        if not isinstance(fields, dict):
            raise ControlError("fields must be an object of what the record shall say")
        stored = [item for item in self._items if item.key == seq]
        if not stored:
            raise ControlError(f"startChargeSeq must be that of a stored record; it is {seq!r}")
        for item in stored:
            self._changes.setdefault(item.seq, {}).update(fields)
        return self._shown(stored[-1])

    def _list_by(self, content: Fields) -> object:
        order = content.get("order")
        if order not in ORDERS:
            raise ControlError(f"order must be one of {', '.join(ORDERS)}")
        self._order = str(order)
        return {"order": self._order}
