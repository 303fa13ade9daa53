"""The rules of the house that no linter knows."""

import re
import subprocess
import tomllib
from pathlib import Path

from config.settings import Settings
from worker.app import app
from worker.vendors import systems

ROOT = Path(__file__).parents[1]


def test_every_module_of_tasks_is_loaded_by_the_app() -> None:
    modules = {f"tasks.{path.stem}" for path in (ROOT / "tasks").glob("[a-z]*.py")}
    assert modules == set(app.conf.include)


def test_the_example_environment_names_every_setting_with_its_default() -> None:
    text = (ROOT / "config" / "example.env").read_text("utf-8")
    named = re.findall(r"^# RELAY_([A-Z_]+)=(.*)$", text, re.MULTILINE)
    assert [name.lower() for name, _ in named] == list(Settings.model_fields)
    given = {name.lower(): value for name, value in named if value}
    assert Settings.model_validate(given) == Settings.model_construct(**_defaults())


def _defaults() -> dict[str, object]:
    return {name: field.get_default() for name, field in Settings.model_fields.items()}


def test_the_example_vendors_speak_every_system() -> None:
    content = tomllib.loads((ROOT / "config" / "vendors.example.toml").read_text("utf-8"))
    assert {table["system"] for table in content["vendors"].values()} == set(systems())


def test_no_file_has_grown_beyond_a_screenful_of_screens() -> None:
    for folder in ("config", "worker", "tasks", "sandbox"):
        for path in (ROOT / folder).rglob("*.py"):
            if path.parent.name == "versions":
                continue  # a migration is a list, not a text
            assert len(path.read_text("utf-8").splitlines()) <= 300, path


def test_no_registry_stands_in_a_tracked_file() -> None:
    command = [
        "git",
        "grep",
        "-nIE",
        r"^(--)?(extra-)?index-url|^--find-links|https?://",
        "--",
        "requirements",
    ]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert found.stdout == ""
