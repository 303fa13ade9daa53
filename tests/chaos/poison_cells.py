"""What cannot be read or will never be taken, in every place where it can stand."""

from tests.chaos.cell import Cell
from tests.chaos.load import RECORD, STATUS, UNREADABLE, WARNING, Item, write
from tests.chaos.servers import until
from tests.chaos.stage import Stage

GROUP = "poison"
PLACES = 10
WORSE = (
    *UNREADABLE,
    b"[" * 100_000,
    b'"' + b"x" * 2_000_000 + b'"',
    b'{"orderNo": "\\u0000", "startTime": 1}',
    b'{"body": "!", "properties": {"body_encoding": "base64"}, "content-type": "application/json"}',
    b'{"body": "[]", "properties": {}, "headers": {"task": "os.system"}}',
    b"[]",
    b"[1, null, {}]",
)


def everywhere(stage: Stage) -> None:
    """Every kind of unreadable item at every place of a batch and of an array, on every queue."""
    stage.begin()
    producer = stage.producer
    with stage.journal_held():
        for place in range(PLACES):
            good = producer.records(PLACES)
            items = [Item(RECORD, write(r), orders=(str(r["orderNo"]),)) for r in good]
            poison = WORSE[place % len(WORSE)]
            items.insert(place, Item(RECORD, poison, _counts(poison)))
            producer.push(items)
            array = producer.records(PLACES)
            orders = tuple(str(record["orderNo"]) for record in array)
            array.insert(place, {"orderNo": "", "poison": True})
            producer.push([Item(RECORD, write(array), PLACES + 1, orders)])
        for kind in (RECORD, STATUS, WARNING):
            producer.push([Item(kind, poison, _counts(poison)) for poison in WORSE])
    stage.healed()
    producer.publish(stage.size)


def _counts(poison: bytes) -> int:
    return 3 if poison.startswith(b"[1,") else 1


def refused_by_the_vendor(stage: Stage) -> None:
    """One record at every place of a list that the platform refuses whole for its sake."""
    stage.begin()
    city = stage.controls["city-platform"]
    producer = stage.producer
    bad = []
    for place in range(30):
        if place % 3 == 0:
            pack = producer.records(30)
            bad.append(str(pack[place]["startChargeSeq"]))
            city.fault("reject_item", key=bad[-1], message="站点未登记")
            producer.push([Item(RECORD, write(r), orders=(str(r["orderNo"]),)) for r in pack])
    stage.healed()
    stage.settle()
    refused = stage.states("city-platform").get("refused", 0)
    stage.notes.append(f"{refused} refused by name")
    if refused != len(bad):
        stage.faults.append(f"{refused} refused, {len(bad)} bad ones")


def killed_on_poison(stage: Stage) -> None:
    """A worker killed with a batch in hand that holds poison; the next one takes it up."""
    first = stage.begin()
    with stage.journal_held():
        stage.producer.push([Item(RECORD, poison, _counts(poison)) for poison in WORSE])
        stage.producer.publish(stage.size)
        until(stage.taken, "items are taken")
        stage.kill(first)
    stage.healed()
    stage.worker("two")


CELLS = [
    Cell("a poison item in every position", GROUP, everywhere),
    Cell("a record that the vendor refuses", GROUP, refused_by_the_vendor),
    Cell("SIGKILL with poison in hand", GROUP, killed_on_poison),
]
