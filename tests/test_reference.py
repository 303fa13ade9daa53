"""docs/reference/ says what the code says."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from config.settings import Settings
from worker import cli
from worker.journal.states import State
from worker.reference.made import files
from worker.reference.states import LEGENDS, legend

DOCS = Path(__file__).parents[1] / "docs"


def test_the_pages_are_what_the_code_says() -> None:
    made = files()
    assert {f"reference/{path.name}" for path in (DOCS / "reference").iterdir()} == set(made)
    for path, content in made.items():
        assert (DOCS / path).read_text("utf-8") == content, f"{path}: run `make docs`"


def test_what_was_changed_by_hand_is_written_anew(tmp_path: Path) -> None:
    docs = shutil.copytree(DOCS / "reference", tmp_path / "docs" / "reference").parent
    (docs / "reference" / "states.md").write_text("| `held` | lost. |", "utf-8")
    (docs / "reference" / "settings.md").unlink()
    subprocess.run([sys.executable, "-m", "worker.reference", str(docs)], check=True)
    assert {path: (docs / path).read_text("utf-8") for path in files()} == dict(files())


def test_every_command_has_its_options_and_an_example() -> None:
    page = files()["reference/commands.md"]
    for command in cli.COMMANDS:
        name = f"chargerelay {command.__name__.replace('_', '-')}"
        section = page.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
        assert f"\n```sh\n{name} " in section or f"\n```sh\n{name}\n" in section
        assert f"Example: `{name}" in section
    assert "| `--state STATE` | One of pending, " in page
    assert "| `--limit NUMBER` | At most so many; 0: all. [default: 50; x>=0] |" in page
    assert "| `VENDOR` | A vendor's name. [required] |" in page
    assert "<" not in page


def test_every_setting_has_its_row() -> None:
    page = files()["reference/settings.md"]
    for name, field in Settings.model_fields.items():
        assert f"| `RELAY_{name.upper()}` | " in page
        assert f" | {field.description} |\n" in page
    assert "| `RELAY_KEEP_STATUS_DAYS` | number, over 0 | `7` |" in page
    assert "| `RELAY_WARNING_RETRY_S` | list of number, from 0 | `1,2,5,10,30,60` |" in page
    assert "| `RELAY_EMBEDDED_PORT` | whole number, from 1 to 65,535 | `7379` |" in page


def test_every_state_is_explained() -> None:
    page = files()["reference/states.md"]
    assert all(f"| `{state}` | {text} |" in page for state, text in legend(State).items())
    assert "| `accepted` | the vendor has it. |" in page
    assert " | only with `--again` |\n" in page
    assert "| `refused` | The vendor will never take it as it is; a person has to look. |" in page
    assert "86400 s, then `held` |" in page


@pytest.mark.parametrize("words", [words for _, words in LEGENDS], ids=str)
def test_a_legend_has_every_word(words: type[State]) -> None:
    assert all(legend(words).values())
