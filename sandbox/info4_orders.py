"""Map orders of document 002: ordered (1), and after some queries done (2), or failed (3)."""

from dataclasses import dataclass

ORDERED, DONE, FAILED = "1", "2", "3"


@dataclass(slots=True)
class Order:
    """One order; a fixed status is what a tester wants it to be."""

    order_id: str
    uuid: str
    queried: int = 0
    fixed: str | None = None


class Orders:
    """All orders by number."""

    def __init__(self, done_after_queries: float) -> None:
        """Let an order be done once it was queried so often."""
        self._done_after_queries = done_after_queries
        self.restart()

    def restart(self) -> None:
        """Forget all orders."""
        self._by_id: dict[str, Order] = {}

    def create(self, uuid: str) -> Order:
        """A new order, even for a uuid that has one already."""
        order = Order(f"CUS{len(self._by_id) + 1:010}", uuid)
        self._by_id[order.order_id] = order
        return order

    def find(self, order_id: object) -> Order | None:
        """The order of this number."""
        return self._by_id.get(str(order_id))

    def ask(self, order: Order) -> str:
        """The order's status; being asked brings it on."""
        order.queried += 1
        if order.fixed is not None:
            return order.fixed
        return DONE if order.queried > self._done_after_queries else ORDERED
