"""What the pages link to is there, and what they say to type can be typed."""

import json
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import fakeredis
import pytest
import typer

from config.settings import Settings
from worker import cli, roster
from worker.events import Kind, parse
from worker.tokens import Tokens

ROOT = Path(__file__).parents[1]
READMES = sorted(ROOT.glob("README*.md"))
PAGES = [*READMES, *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
PROGRAM = "chargerelay"
# What a reader puts something else in place of.
STANDS_FOR = {"ID": "1", "KIND": "charge-record", "STATE": "held", "TIME": "2h", "…": "x"}


def anchors(page: Path) -> set[str]:
    """The titles of a page, as they are linked to."""
    titles = re.findall(r"^#+ (.+)$", BLOCK.sub("", page.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def links(page: Path) -> list[str]:
    """The links of a page that lead to files of ours."""
    text = BLOCK.sub("", page.read_text("utf-8"))
    return [link for link in LINK.findall(text) if "://" not in link]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def commands(page: Path) -> Iterator[tuple[str, bool]]:
    """What follows our program's name, in blocks and in spans; and whether it is all of a line.

    A span may name a command without its arguments, and leave out the program where options follow.
    """
    text = page.read_text("utf-8")
    for language, block in BLOCK.findall(text):
        if language in {"sh", "console"}:
            for line in block.replace("\\\n", " ").splitlines():
                if found := re.search(rf"(?:^|[ /]){PROGRAM} (?=[a-z-])(.*)", line):
                    yield found[1], True
    for span in re.findall(r"`([^`\n]+)`", BLOCK.sub("", text)):
        if found := re.fullmatch(rf"(?:[A-Z_]+=\S+ )*(?:\.venv/bin/)?{PROGRAM} (.+)", span):
            yield found[1], False
        elif span.split()[0] in known() and " -" in span:
            yield span, False


@cache
def known() -> dict[str, Any]:
    """The commands by their names."""
    group: Any = typer.main.get_command(cli.app)
    return dict(group.commands)


def read(line: str, *, whole: bool) -> None:
    """Read a command line as the program would, and do nothing.

    Raises:
        Exception: it is no command, or none of its options.
    """
    typed = re.sub(r"\[[A-Z]+\](?:\.\.\.)?|\s(?:[#|>]|2>|&&|;).*", "", f"{line} ")
    name, *given = (STANDS_FOR.get(word, word) for word in shlex.split(typed))
    if name in {"COMMAND", "--help", "--version", "x"}:
        return
    command = known()[name]
    inner = getattr(command, "commands", {})
    if given and given[0] in inner:
        command = inner[given.pop(0)]
    try:
        command.make_context(name, given, resilient_parsing="--help" in given)
    except typer.BadParameter as fault:
        left_out = "[OPTIONS]" in line or not whole
        if "does not exist" not in str(fault) and not (left_out and "Missing" in str(fault)):
            raise


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_can_be_typed(page: Path) -> None:
    for line, whole in commands(page):
        try:
            read(line, whole=whole)
        except Exception as fault:  # noqa: BLE001 whatever it is, the line is to be named
            pytest.fail(f"{PROGRAM} {line}: {fault!r}")


def test_a_command_that_cannot_be_typed_is_found() -> None:
    for line in ("repords", "reports --sate held", "lanes --kind car", "pause", "call a b c d"):
        with pytest.raises(Exception):  # noqa: B017, PT011 each has another
            read(line, whole=True)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_setting_that_is_named_is_one(page: Path) -> None:
    named = set(re.findall(r"\bRELAY_(?!TEST_)([A-Z_]+[A-Z])\b", page.read_text("utf-8")))
    assert {name.lower() for name in named} <= set(Settings.model_fields)


@pytest.mark.parametrize("page", ["first-run.md", "add-a-vendor.md"])
def test_a_table_of_the_vendors_file_can_be_used(page: str, tmp_path: Path) -> None:
    text = (ROOT / "docs" / page).read_text("utf-8")
    table = re.findall(r"^\[vendors\..*?(?=^END$|^```$)", text, re.MULTILINE | re.DOTALL)[0]
    secret = tmp_path / "secret"
    secret.write_text("hush", "utf-8")
    path = tmp_path / "vendors.toml"
    path.write_text(re.sub(r"(?<=_file = )\S+", f'"{secret}"', table), "utf-8")
    settings = Settings.model_construct(vendors_file=path)
    environment = dict.fromkeys(re.findall(r"\$\{(\w+)\}", table), "hush")
    assert roster.load(settings, Tokens(fakeredis.FakeRedis()), environment).vendors


def test_what_the_first_run_publishes_can_be_read() -> None:
    text = (ROOT / "docs" / "first-run.md").read_text("utf-8")
    (line,) = re.findall(r'^\{"kind": .*\}$', text, re.MULTILINE)
    event = json.loads(line)
    assert parse(Kind(event.pop("kind")), event).identity == "FIRST-001"


def test_the_readmes_say_the_same_in_two_languages() -> None:
    """Blocks of code, commands and links to pages are the same, in the same order."""
    english, chinese = (page.read_text("utf-8") for page in READMES)

    def told(text: str) -> list[list[str]]:
        blocks = [re.sub(r" +#.*", "", block) for _, block in BLOCK.findall(text)]
        rest = BLOCK.sub("", text)
        linked = [link for link in LINK.findall(rest) if not link.startswith("README")]
        return [blocks, linked, re.findall(r"`([^`\n]+)`", rest)]

    assert told(chinese) == told(english)
    assert "](README.zh-CN.md)" in english.splitlines()[2]
    assert "](README.md)" in chinese.splitlines()[2]
