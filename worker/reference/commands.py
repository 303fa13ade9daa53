"""docs/reference/commands.md: every command of `chargerelay`, its arguments and options."""

import re
from collections.abc import Iterator

import typer
from typer.core import TyperCommand, TyperGroup

from worker import cli
from worker.markdown import table

BEGINNING = """\
# Commands

Written by `make docs` from `worker/cli/`; do not edit. `chargerelay COMMAND --help` says the same.
Of `make run` and `make venv` it is `.venv/bin/chargerelay`. The settings of the environment hold
for every command: [`settings.md`](settings.md).

A command that changes something is written down with its asker (`--by`): `chargerelay audit`. What
fails ends with 1 and a sentence on stderr, a wrong option with 2.

"""
WORDS = {"str": "TEXT", "int": "NUMBER", "float": "NUMBER", "int range": "NUMBER", "file": "FILE"}
Command = TyperCommand | TyperGroup
OURS = re.compile(r"<([^>]+)>")


def page() -> str:
    """The whole page, in Markdown."""
    found = dict(_all(typer.main.get_command(cli.app), "chargerelay"))
    rows = ((f"[`{name}`](#{_anchor(name)})", _lines(one)[0]) for name, one in found.items())
    return BEGINNING + table(("command", ""), rows) + "".join(map(_section, found, found.values()))


def _all(group: object, prefix: str) -> Iterator[tuple[str, Command]]:
    """Name → command, those within a group after it; nothing where it is no group."""
    inner = group.commands if isinstance(group, TyperGroup) else {}
    for name, command in inner.items():
        if isinstance(command, TyperCommand | TyperGroup):
            yield f"{prefix} {name}", command
            yield from _all(command, f"{prefix} {name}")


def _anchor(title: str) -> str:
    return title.replace(" ", "-")


def _section(name: str, command: Command) -> str:
    context = command.make_context(name, [], resilient_parsing=True)
    usage = re.sub("[{}]", "", " ".join([name, *command.collect_usage_pieces(context)]))
    text, _, example = "\n".join(_lines(command)).partition("\n\nExample: ")
    parts = [f"## {name}\n\n{text}\n\n```sh\n{usage}\n```\n\n"]
    shown = [r for p in command.get_params(context) if (r := p.get_help_record(context))]
    rows = ((f"`{_words(left)}`", right) for left, right in shown if left != "--help")
    if len(shown) > 1:
        parts.append(table(("argument or option", "meaning"), rows))
    if example:
        parts.append(f"Example: `{example}`\n\n")
    return "".join(parts)


def _lines(command: Command) -> list[str]:
    """The help text; its first line says what the command does."""
    return str(command.help).strip().splitlines()


def _words(left: str) -> str:
    """What is typed; types in words in place of Python's, and none where a name stands."""
    name, _, kind = left.partition(" <")
    if kind and not name.startswith("-"):
        return name
    return OURS.sub(lambda found: WORDS.get(found[1], found[1].upper()), left)
