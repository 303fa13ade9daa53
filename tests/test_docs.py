"""What the pages say is so."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import fakeredis
import pytest
import yaml

import worker.vendors
from benchmarks.workloads import WORKLOADS
from config.settings import Settings
from worker import systems_page
from worker.contracts.made import files
from worker.events import Kind, parse
from worker.exchange import Answer
from worker.intake.read import TASKS
from worker.outcomes import Accepted, Refused, Unclear
from worker.tokens import Tokens
from worker.vendor import System, VendorSettings
from worker.vendors import systems

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
GUIDE = (DOCS / "add-a-system.md").read_text("utf-8")
RECORD = {
    "orderNo": "A-1",
    "startTime": "2024-05-01 09:00:00",
    "endTime": "2024-05-01 12:00:00",
    "stationId": "S-1",
    "deviceId": "D-1",
    "power": "12.3",
    "totalMoney": 15.5,
}


def block(language: str, number: int = 0) -> str:
    """A block of code of the guide."""
    return re.findall(rf"^```{language}\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)[number]


@pytest.fixture
def beacon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[System[VendorSettings]]:
    """A vendor of the guide's system, which lies beside the others."""
    (tmp_path / "beacon.py").write_text(block("python"), encoding="utf-8")
    monkeypatch.setattr(worker.vendors, "__path__", [*worker.vendors.__path__, str(tmp_path)])
    systems.cache_clear()
    system = systems()["beacon"]
    settings = system.settings_type.model_validate(
        {"base_url": "https://depot.example", "secret": "hush"}
    )
    at = datetime.fromtimestamp(1714536000, UTC)
    yield system("depot", settings, Tokens(fakeredis.FakeRedis()), lambda: at)
    sys.modules.pop("worker.vendors.beacon")
    del worker.vendors.beacon  # type: ignore[attr-defined]
    systems.cache_clear()


def test_the_page_of_systems_is_what_they_say_of_themselves() -> None:
    assert (DOCS / "systems.md").read_text("utf-8") == systems_page.page(), "run `make docs`"


def test_the_page_of_systems_has_them_all() -> None:
    page = systems_page.page()
    for name, system in systems().items():
        assert f"## {name}\n" in page
        assert all(f"| `{operation}` |" in page for operation in system.operations)
        assert all(f"| `{setting}` |" in page for setting in system.settings_type.model_fields)
    widths = {line.count(" | ") for line in page.splitlines() if line.startswith("| `")}
    assert widths == {3, 4}


def test_the_contracts_are_what_the_code_says() -> None:
    made = files(DOCS)
    assert {path.name for path in (DOCS / "schemas").iterdir()} == {
        path.removeprefix("schemas/") for path in made if path != "publish.md"
    }
    for path, content in made.items():
        assert (DOCS / path).read_text("utf-8") == content, f"{path}: run `make docs`"


def test_the_page_for_producers_names_what_is_there_and_shows_the_examples_as_they_are() -> None:
    text = (DOCS / "publish.md").read_text("utf-8")
    for path in (DOCS / "examples").iterdir():
        assert f"](examples/{path.name}):\n" in text
        assert f"\n{path.read_text('utf-8')}```\n" in text
    links = [link for link in re.findall(r"\]\(([^)]+)\)", text) if "/" in link]
    assert [link for link in links if not (DOCS / link).exists()] == []
    settings = re.findall(r"`RELAY_(\w+)`", text)
    assert {name.lower() for name in settings} <= set(Settings.model_fields)
    for name in ("item_max_bytes", "reject_keep_bytes", "intake_batch_items"):
        assert f"{Settings.model_fields[name].default:,} " in text
    assert {task for task in TASKS.values() if f"`{task}`" in text} == set(TASKS.values())
    readme = (ROOT / "README.md").read_text("utf-8")
    assert "(docs/publish.md)" in readme
    assert "(docs/schemas)" in readme


def test_what_was_changed_by_hand_is_written_anew(tmp_path: Path) -> None:
    docs = shutil.copytree(DOCS, tmp_path / "docs")
    made = files(DOCS)
    for path in made:
        text = (docs / path).read_text("utf-8")
        (docs / path).write_text(text.replace('"connectorId"', '"gunId"'), "utf-8")
    subprocess.run([sys.executable, "-m", "worker.contracts", str(docs)], check=True)
    assert {path: (docs / path).read_text("utf-8") for path in made} == made


def test_the_guide_is_short() -> None:
    assert len(GUIDE.splitlines()) < 120


def test_the_guides_system_signs_as_its_golden_vector_says(beacon: System[VendorSettings]) -> None:
    request = beacon.request([parse(Kind.CHARGE_RECORD, RECORD)])
    request.auth = beacon.auth(http=None)  # type: ignore[arg-type]
    prepared = request.prepare()
    command, said = block("sh").splitlines()
    timestamp, _, body = command.split("'")[1].partition(".")
    assert (prepared.method, prepared.url) == ("POST", "https://depot.example/records")
    assert (prepared.headers["X-Timestamp"], prepared.body) == (timestamp, body)
    assert prepared.headers["X-Sign"] == said.removeprefix("# ")


def test_the_guides_system_reads_answers_and_can_be_asked(beacon: System[VendorSettings]) -> None:
    assert beacon.read(Answer(200, body=b'{"code": 0}'), Kind.CHARGE_RECORD) == Accepted()
    refused = beacon.read(Answer(200, body=b'{"code": 12}'), Kind.CHARGE_RECORD)
    assert refused == Refused("no such depot")
    assert isinstance(beacon.read(Answer(200, body=b"ok"), Kind.CHARGE_RECORD), Unclear)
    find = beacon.operations["find-record"]
    asked = find.request(beacon, find.arguments.model_validate({"orderNo": "A-1"}))
    assert asked.url == "https://depot.example/records/A-1"
    assert find.read(beacon, Answer(200, body=b'{"code": 0, "kwh": 3}')).data == {
        "code": 0,
        "kwh": 3,
    }


def test_the_guides_system_keeps_the_contract_of_every_system(tmp_path: Path) -> None:
    ignored = shutil.ignore_patterns("__pycache__")
    for folder in ("config", "worker", "tests/worker/vendors"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "worker" / "vendors" / "beacon.py").write_text(block("python"), "utf-8")
    contract = tmp_path / "tests" / "worker" / "vendors" / "test_every_vendor.py"
    text = contract.read_text("utf-8")
    assert "\nEXAMPLES = {\n" in text
    contract.write_text(
        text.replace("EXAMPLES = {\n", "EXAMPLES = {\n" + block("python", 1), 1), "utf-8"
    )
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-k", "beacon", str(contract)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout
    assert "skipped" not in ended.stdout


def test_the_threat_model_is_one_page_and_names_tests_that_are_there() -> None:
    text = (DOCS / "threat-model.md").read_text("utf-8")
    lines = text.splitlines()
    assert len(lines) <= 120
    assert max(map(len, lines)) <= 120
    named = {
        name
        for part in re.findall(r"\bT ((?:`[\w/.-]+`,?\s*)+)", text)
        for name in re.findall(r"`([\w/.-]+)`", part)
    }
    assert len(named) > 10
    assert [name for name in named if not (ROOT / "tests" / name).exists()] == []
    settings = re.findall(r"`(RELAY_\w+)`", text)
    assert {name.removeprefix("RELAY_").lower() for name in settings} <= set(Settings.model_fields)
    assert "(docs/threat-model.md)" in (ROOT / "README.md").read_text("utf-8")


def test_the_page_of_logs_names_what_is_there() -> None:
    text = (DOCS / "logs.md").read_text("utf-8")
    settings = re.findall(r"`(RELAY_\w+)", text)
    assert {name.removeprefix("RELAY_").lower() for name in settings} <= set(Settings.model_fields)
    assert all(field in text for field in ("traceparent", "tracestate"))
    assert "(docs/logs.md)" in (ROOT / "README.md").read_text("utf-8")


def test_the_page_of_scale_names_what_is_there() -> None:
    text = (DOCS / "scale.md").read_text("utf-8")
    settings = re.findall(r"`(RELAY_\w+)", text)
    assert {name.removeprefix("RELAY_").lower() for name in settings} <= set(Settings.model_fields)
    linked = [link.partition("#")[0] for link in re.findall(r"\]\(([^)]+)\)", text)]
    assert [link for link in linked if link and not (DOCS / link).exists()] == []
    assert set(re.findall(r"^\| \*\*\S+\*\* \| `(\w+)` \|", text, re.MULTILINE)) <= set(WORKLOADS)
    assert "(docs/scale.md)" in (ROOT / "README.md").read_text("utf-8")


def test_the_page_of_deploying_names_what_is_there() -> None:
    text = (DOCS / "deploy.md").read_text("utf-8")
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
    linked = re.findall(r"\]\(([\w./-]+)\)", text)
    assert [link for link in linked if not (DOCS / link).exists()] == []
    rows = set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))
    variables = set(re.findall(r"\$\{(\w+):-", (ROOT / "docker-compose.yml").read_text("utf-8")))
    assert rows == variables | compose["secrets"].keys()
    settings = re.findall(r"`RELAY_(\w+)`", text)
    assert {name.lower() for name in settings} <= set(Settings.model_fields)
    ports = [port for one in compose["services"].values() for port in one.get("ports", ())]
    assert [port for port in ports if port.split(":")[1] not in text] == []
    named = set(re.findall(r"docker compose exec (\w+)|--scale (\w+)=", text))
    assert {one or other for one, other in named} <= compose["services"].keys()
    assert "(docs/deploy.md)" in (ROOT / "README.md").read_text("utf-8")
