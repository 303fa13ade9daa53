from pathlib import Path

import fakeredis
import pytest

from config.logs import mask
from config.settings import Settings
from tests.worker.given import record, status, warning
from worker import roster
from worker.events import Kind
from worker.outcomes import OnUnclear
from worker.roster import Roster, RosterError
from worker.tokens import Tokens

SECRET = "s3cret-nobody-may-see"
CITY = """
[vendors.city]
system = "charging_station"
base_url = "https://platform.example"
operator_id = "395815801"
secret = "${CITY_SECRET}"
"""
GARAGE = """
[vendors.garage]
system = "parkpot"
base_url = "https://garage.example/"
port_name = "acme"
park_id = "3302122004"
key = "${GARAGE_KEY}"
"""
ENVIRONMENT = {"CITY_SECRET": SECRET, "GARAGE_KEY": SECRET, "HOST": "platform"}


def load(
    folder: Path, text: str | bytes, environment: dict[str, str] | None = None, **settings: object
) -> Roster:
    path = folder / "vendors.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return roster.load(
        Settings(_env_file=None, vendors_file=path, **settings),
        Tokens(fakeredis.FakeRedis()),
        ENVIRONMENT if environment is None else environment,
    )


def fault(folder: Path, text: str | bytes, environment: dict[str, str] | None = None) -> str:
    with pytest.raises(RosterError) as caught:
        load(folder, text, environment)
    assert SECRET not in str(caught.value)
    return str(caught.value)


def test_a_vendor_is_an_instance_of_its_system_with_its_settings(tmp_path: Path) -> None:
    city = load(tmp_path, CITY).vendors["city"]
    assert (city.name, city.vendor) == ("charging_station", "city")
    assert city.settings.secret.get_secret_value() == SECRET
    assert city.settings.url == "https://platform.example"


def test_two_vendors_of_one_system_stand_apart(tmp_path: Path) -> None:
    other = GARAGE.replace("garage]", "garage-2]").replace("3302122004", "2")
    vendors = load(tmp_path, GARAGE + other).vendors
    assert [v.settings.park_id for v in vendors.values()] == ["3302122004", "2"]


def test_variables_of_the_environment_are_filled_in_anywhere(tmp_path: Path) -> None:
    text = CITY.replace("https://platform", "https://${HOST}")
    assert load(tmp_path, text).vendors["city"].settings.url == "https://platform.example"


def test_what_the_environment_has_not_is_looked_for_among_the_files_of_secrets(
    tmp_path: Path,
) -> None:
    assert "secret: the environment has no CITY_SECRET" in fault(tmp_path, CITY, {})
    folder = tmp_path / "secrets"
    folder.mkdir()
    (folder / "city_secret").write_text(f"{SECRET}\n")
    found = load(tmp_path, CITY, {}, secrets_dir=folder).vendors["city"]
    assert found.settings.secret.get_secret_value() == SECRET
    (folder / "CITY_SECRET").write_bytes(b"\xff")
    with pytest.raises(RosterError, match="secret: the file of CITY_SECRET cannot be read"):
        load(tmp_path, CITY, {}, secrets_dir=folder)


def test_a_secret_may_stand_in_a_file_with_a_newline_at_its_end(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    text = CITY.replace('secret = "${CITY_SECRET}"', f'secret_file = "{tmp_path}/secret"')
    assert load(tmp_path, text).vendors["city"].settings.secret.get_secret_value() == SECRET


def test_from_then_on_no_secret_of_a_vendor_is_shown(tmp_path: Path) -> None:
    load(tmp_path, CITY)
    assert mask(f"{SECRET} does not fit") == "*** does not fit"


def test_a_secret_is_not_shown_by_repr(tmp_path: Path) -> None:
    vendors = load(tmp_path, CITY + GARAGE).vendors
    assert SECRET not in repr([(vars(v), v.settings) for v in vendors.values()])


def test_every_fault_of_every_vendor_is_named_at_once(tmp_path: Path) -> None:
    city = CITY.replace("395815801", "x" * 21) + 'colour = "red"\nconcurrency = 0\n'
    garage = GARAGE.replace("https://garage.example/", "nowhere")
    third = "[vendors.third]\nsystem = 'carrier_pigeon'\n"
    lines = fault(tmp_path, city + garage + third, {"GARAGE_KEY": ""}).splitlines()
    expected = [
        ("[vendors.city] secret: ", "CITY_SECRET"),
        ("[vendors.city] operator_id: ", "20"),
        ("[vendors.city] colour: ", "unknown key"),
        ("[vendors.city] concurrency: ", "greater than or equal to 1"),
        ("[vendors.garage] key: ", "GARAGE_KEY"),
        ("[vendors.garage] base_url: ", ""),
        ("[vendors.third] system: ", "expected one of charging_station, parkpot"),
    ]
    assert len(lines) == len(expected)
    for where, what in expected:
        assert any(where in line and what in line for line in lines), (where, what, lines)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('takes = ["safety-warning"]', "takes: safety-warning, but parkpot takes charge-record"),
        ('takes = ["cars"]', "takes"),
        ("timeout_s = 60", "timeout_s: RELAY_LEASE_S is 90 s, but with timeout_s = 60 s"),
        ('on_unclear = "verify"', "on_unclear: parkpot offers no look-up"),
        ('on_unclear = {"charge-record" = "verify"}', "on_unclear: parkpot offers no look-up"),
        ('on_unclear = "shrug"', "on_unclear"),
        ("rate_per_s = 0", "rate_per_s"),
        ('key_file = "/nowhere/at/all"', "key: /nowhere/at/all cannot be read"),
        ("secret_file = 'x'", "secret_file: unknown key"),
    ],
)
def test_what_could_not_work_is_refused_at_the_start(tmp_path: Path, line: str, said: str) -> None:
    text = GARAGE.replace('key = "${GARAGE_KEY}"\n', "") if "key_file" in line else GARAGE
    assert said in fault(tmp_path, f"{text}{line}\n").replace("key_file: ", "key: ")


def test_a_secret_given_both_ways_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("other")
    assert "key" in fault(tmp_path, f'{GARAGE}key_file = "{tmp_path}/secret"\n')


def test_an_empty_secret_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("\n")
    text = CITY.replace('secret = "${CITY_SECRET}"', f'secret_file = "{tmp_path}/secret"')
    assert "[vendors.city] secret: " in fault(tmp_path, text)


def test_a_status_cannot_be_looked_up_so_verify_is_refused_for_it(tmp_path: Path) -> None:
    """charging_station reads records back, and nothing else."""
    assert "on_unclear" in fault(tmp_path, CITY + 'on_unclear = "verify"\n')


@pytest.mark.parametrize("name", ['"a b"', '"城市"', '"a/b"', '"' + "x" * 65 + '"', '""'])
def test_a_vendors_name_is_plain(tmp_path: Path, name: str) -> None:
    assert "name" in fault(tmp_path, CITY.replace("[vendors.city]", f"[vendors.{name}]"))


@pytest.mark.parametrize("text", ["", "[vendors]", "vendors = 3", "[vendors", b"\xff\xfe", "a = 1"])
def test_a_file_without_vendors_is_refused_with_its_path(tmp_path: Path, text: str | bytes) -> None:
    assert str(tmp_path / "vendors.toml") in fault(tmp_path, text)


def test_a_vendor_that_is_no_table_is_refused(tmp_path: Path) -> None:
    assert "[vendors.city] expected a table" in fault(tmp_path, "[vendors]\ncity = 3\n")


def test_without_a_file_the_message_says_what_to_set(tmp_path: Path) -> None:
    tokens = Tokens(fakeredis.FakeRedis())
    with pytest.raises(RosterError, match="RELAY_VENDORS_FILE"):
        roster.load(Settings(_env_file=None, vendors_file=None), tokens, {})
    missing = Settings(_env_file=None, vendors_file=tmp_path / "nothing.toml")
    with pytest.raises(RosterError, match=r"nothing\.toml: cannot be read"):
        roster.load(missing, tokens, {})


def test_an_event_goes_to_every_vendor_that_takes_it(tmp_path: Path) -> None:
    both = load(tmp_path, CITY + GARAGE)
    assert both.route(status().event) == ["city"]
    assert both.route(record(plateNo="沪A12345").event) == ["city", "garage"]
    assert both.route(record().event) == ["city"]  # a gate opens by the plate
    assert both.route(warning().event) == []


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('stations = ["S-1", "S-2"]', True),
        ('stations = ["S-2"]', False),
        ('operators = ["395815801"]', True),
        ('operators = ["other"]', False),
        ("stations = []", False),
        ('takes = ["charge-record"]', True),
        ('takes = ["connector-status"]', False),
    ],
)
def test_a_vendor_may_be_told_of_less(tmp_path: Path, line: str, told: bool) -> None:
    assert bool(load(tmp_path, f"{CITY}{line}\n").route(record().event)) is told


def test_an_event_without_a_station_goes_only_to_those_told_of_all(tmp_path: Path) -> None:
    lost = status(stationId=None).event
    assert load(tmp_path, CITY).route(lost) == ["city"]
    assert load(tmp_path, CITY + 'stations = ["S-1"]\n').route(lost) == []


def test_every_lane_has_a_rule_for_what_is_unclear(tmp_path: Path) -> None:
    text = CITY + GARAGE + 'on_unclear = "hold"\n'
    rules = load(tmp_path, text).unclear_rules()
    assert rules[("garage", Kind.CHARGE_RECORD)] is OnUnclear.HOLD
    assert rules[("city", Kind.CHARGE_RECORD)] is OnUnclear.VERIFY
    assert rules[("city", Kind.CONNECTOR_STATUS)] is OnUnclear.RESEND
    assert set(rules) == set(load(tmp_path, text).lanes())


@pytest.mark.parametrize("url", ["http://127.0.0.1:7381", "http://localhost", "http://[fd00::1]"])
def test_a_vendor_that_is_inside_by_its_url_is_refused_unless_that_is_meant(
    tmp_path: Path, url: str
) -> None:
    inside = CITY.replace("https://platform.example", url)
    said = fault(tmp_path, inside)
    assert said.endswith("is not a public address; private_address = true allows it")
    assert "[vendors.city] base_url: " in said
    assert load(tmp_path, inside + "private_address = true\n").vendors["city"].settings.url == url


def test_every_url_of_a_vendor_is_looked_at(tmp_path: Path) -> None:
    said = fault(tmp_path, CITY + 'risk_url = "http://10.0.0.1/risk"\n')
    assert "[vendors.city] risk_url: 10.0.0.1 is not a public address" in said


def test_a_login_in_a_url_is_not_shown_by_repr(tmp_path: Path) -> None:
    text = CITY.replace("https://platform", f"https://relay:{SECRET}@platform")
    settings = load(tmp_path, text).vendors["city"].settings
    assert SECRET in settings.url
    assert SECRET not in repr(settings) + str(settings)
