"""`chargerelay call`: one call of a vendor's document, typed, signed, and its answer explained."""

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import requests
import typer
from pydantic_core import to_jsonable_python
from rich.text import Text

from config.logs import mask
from config.settings import Settings
from worker import manual
from worker.calling import Caller, Made
from worker.cli import given, needs
from worker.cli.faults import NotDone
from worker.cli.names import near
from worker.cli.options import AsJson
from worker.cli.output import Column, Row, console, printable, say, show, write_json
from worker.deployment import Deployment, NotReady
from worker.operation import Arguments, Operation
from worker.outcomes import Accepted, Unclear, word
from worker.pace import Pace
from worker.roster import AnySystem
from worker.sender import Sender, line_to

Vendor = Annotated[str, typer.Argument(metavar="VENDOR", help="A vendor's name.")]
Name = Annotated[
    str | None, typer.Argument(metavar="OPERATION", help="What to call; without it: what there is.")
]
Pairs = Annotated[
    list[str] | None,
    typer.Option("--argument", "-a", metavar="NAME=VALUE", help="May be given several times."),
]
With = Annotated[
    str | None,
    typer.Option("--with", metavar="JSON", help="An object of arguments; @FILE or - reads it."),
]
ToTheEnd = Annotated[bool, typer.Option("--follow", help="Ask on until what it began is over.")]
Sent = Annotated[bool, typer.Option("--show", help="Also what was sent, before it was signed.")]
Raw = Annotated[bool, typer.Option("--raw", help="The answer as it came, whatever is in it.")]
Describe = Annotated[
    bool, typer.Option("--describe", help="Call nothing; say what the operation takes.")
]
STYLES = {"accepted": "green", "refused": "red", "try-later": "cyan", "unclear": "yellow"}
OPERATIONS = (
    Column("operation", lambda row: row["operation"], 25),
    Column("section of the document", lambda row: row["section"]),
    Column("request", lambda row: f"{row['method']} {row['path']}"),
)
ARGUMENTS = (
    Column("argument", lambda row: row["name"], 24),
    Column("expected", lambda row: row["expected"], 16),
    Column("default", lambda row: "(required)" if row["required"] else row["default"], 10),
    Column("meaning", lambda row: row["description"]),
)


def call(
    vendor: Vendor,
    operation: Name = None,
    argument: Pairs = None,
    text: With = None,
    follow: ToTheEnd = False,
    sent: Sent = False,
    raw: Raw = False,
    describe: Describe = False,
    as_json: AsJson = False,
) -> None:
    """Make one call of a vendor's document: arguments checked, signed, its answer explained.

    The exit code is 0 if the vendor accepts it, else 1.

    Example: chargerelay call city-platform list-cells -a pageSize=5
    """
    settings = needs.settings()
    if operation is None or describe:
        system = find(needs.vendors(settings).vendors, vendor)
        _explain(system, operation, as_json=as_json)
        return
    deployment = Deployment(settings)
    system = find(deployment.roster.vendors, vendor)
    arguments = given.read(_operation(system, operation).arguments, argument or (), text)
    calls = _Calls(system, operation, deployment, follow=follow)
    rows = (_row(vendor, made, sent=sent, raw=raw) for made in calls.make(arguments))
    if as_json:
        write_json(rows)
    else:
        for row in rows:
            _print(row)
    if calls.advice:
        say(calls.advice, err=True)
    if not calls.well:
        raise typer.Exit(1)


class _Calls:
    """A call and, if it is to be followed, the askings after it.

    Attributes:
        well: whether the last one was accepted and, if followed, says that it is over.
        advice: what a person should know before calling again.
    """

    def __init__(
        self, system: AnySystem, name: str, deployment: Deployment, *, follow: bool
    ) -> None:
        operation = _operation(system, name)
        if follow and operation.follow is None:
            raise NotDone(f"{name} begins nothing that could be followed")
        self.well = False
        self.advice = ""
        self._name = name
        self._operation = operation
        self._follow = operation.follow if follow else None
        self._deployment = deployment
        self._caller = Caller(system, plain_sender(system, deployment.settings))

    def make(self, arguments: Arguments) -> Iterator[Made]:
        """Each call as it was made."""
        try:
            made = self._caller.call(self._name, arguments)
        except ValueError as error:
            raise NotDone(f"{self._name}: {error}") from None
        if not made.signed and (fault := self._deployment.broker_fault()):
            raise NotReady(fault)
        self.well = isinstance(made.reply.outcome, Accepted)
        if isinstance(made.reply.outcome, Unclear) and not self._operation.repeatable:
            self.advice = (
                f"it may have arrived, and a second {self._name} may not be harmless: look at "
                "the vendor before calling it again"
            )
        yield made
        if self._follow is None or not self.well:
            return
        for asked in self._caller.follow(self._follow, arguments, made.reply):
            accepted = isinstance(asked.reply.outcome, Accepted)
            self.well = accepted and self._follow.done(asked.reply)
            yield asked
        if not self.well:
            self.advice = "it is not over; nothing more was asked"


def find(vendors: Mapping[str, AnySystem], name: str) -> AnySystem:
    """The vendor of that name.

    Raises:
        NotDone: there is none; names the nearest.
    """
    if name not in vendors:
        raise NotDone(f"no vendor is called {name}{near(name, vendors)}")
    return vendors[name]


def _operation(system: AnySystem, name: str) -> Operation:
    if name not in system.operations:
        known = near(name, system.operations)
        raise NotDone(f"{system.vendor} ({system.name}) has no operation {name}{known}")
    return system.operations[name]


def plain_sender(system: AnySystem, settings: Settings) -> Sender:
    """Sends what a person asks for: at once, and without keeping it."""
    return Sender(
        system,
        line_to(system, settings),
        Pace(None, clock=time.monotonic, sleep=time.sleep),
        clock=lambda: datetime.now(UTC),
        keep_bytes=0,
    )


def _explain(system: AnySystem, name: str | None, *, as_json: bool) -> None:
    if name is None:
        nothing = f"{system.vendor} ({system.name}) has no operations"
        show(operations(system), OPERATIONS, as_json=as_json, nothing=nothing)
        return
    operation = _operation(system, name)
    if not as_json:
        say(f"{name} ({system.name}, document {system.document})")
        for what, told in manual.facts(operation).items():
            say(f"{what}: {told}")
    rows: Iterable[Row] = map(asdict, manual.arguments(operation.arguments))
    show(rows, ARGUMENTS, as_json=as_json, nothing="it takes no arguments")


def operations(system: AnySystem) -> Iterator[Row]:
    """The operations of a vendor, as rows."""
    for name, operation in system.operations.items():
        yield {
            "vendor": system.vendor,
            "operation": name,
            "section": operation.section,
            "method": operation.method,
            "path": operation.path,
            "known": operation.known,
            "assumed": operation.assumed,
            "repeatable": operation.repeatable,
        }


def _row(vendor: str, made: Made, *, sent: bool, raw: bool) -> dict[str, object]:
    outcome, answer = made.reply.outcome, made.answer
    row: dict[str, object] = {
        "vendor": vendor,
        "operation": made.operation,
        "outcome": word(outcome),
        "code": outcome.code,
        "reason": mask(outcome.reason),
        "data": to_jsonable_python(made.reply.data, fallback=str),
    }
    if sent:
        row |= _sent(made.request) | {"http_status": answer.status if answer else None}
    if raw:
        row["answer"] = answer.text() if answer else None
    return row


def _sent(request: requests.Request) -> dict[str, object]:
    """The request as it was before it was signed; a secret in its body is masked."""
    bare = requests.Request(
        request.method, request.url, params=request.params, data=request.data, json=request.json
    ).prepare()
    body = bare.body.decode("utf-8", "replace") if isinstance(bare.body, bytes) else bare.body
    return {"method": bare.method, "url": mask(str(bare.url)), "body": mask(body or "")}


def _print(row: Row) -> None:
    if "url" in row:
        say(f"{row['method']} {row['url']}")
        say(str(row["body"] or "without a body"))
        say(f"HTTP {row['http_status'] or 'without an answer'}")
    code = f" (code {row['code']})" if row["code"] else ""
    line = Text(str(row["outcome"]), style=STYLES[row["outcome"]])
    console().print(line.append(f": {printable(row['reason'])}{code}", "default"), soft_wrap=True)
    if row.get("answer") is not None:
        say(str(row["answer"]))
    elif row["data"] is not None:
        for part in json.dumps(row["data"], ensure_ascii=False, indent=2).splitlines():
            say(part)
