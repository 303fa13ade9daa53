"""Every operation of every system, called by hand at the vendor that the sandbox plays by default.

A system adds its vendor to VENDORS: the vendor's table, and an example of every call, in an order
in which the vendor accepts them all.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.journey.conftest import CITY, GARAGE
from tests.journey.relay import ROOT
from tests.sandbox import certificates
from tests.sandbox.callers import Control, listening_url
from worker import cli
from worker.vendors import systems

Given = Mapping[str, object]


@dataclass(frozen=True)
class Vendor:
    """A vendor as the sandbox plays it.

    Attributes:
        table: of the vendors file; {url} stands for where the vendor is, {tls} for where it is by
            mutual TLS, {papers} for the folder of the certificates.
        calls: an operation and its arguments, one after the other; "@name" stands for what the
            last answer said of that name.
    """

    table: Given
    calls: tuple[tuple[str, Given], ...]


STATION = {
    "equipmentOwnerId": "91310000",
    "stationName": "East",
    "areaCode": "310115",
    "district": "Pudong",
    "street": "Century",
    "community": "First",
    "village": "One",
    "address": "Century 1",
    "serviceTel": "021-1",
    "stationType": 1,
    "stationStatus": 50,
    "chargingNums": 2,
    "stationLng": 121.5,
    "stationLat": 31.2,
    "canopy": 1,
    "camera": 2,
    "smokeSensation": 3,
    "fireControl": 1,
    "feeType": 1,
    "electricityFee": "1.2",
    "serviceFee": "0.4",
    "createDate": "2024-05-01",
    "operationDate": "2024-06-01",
}
EQUIPMENT = {
    "equipmentName": "No. 1",
    "manufacturerBrand": "Acme",
    "equipmentModel": "A-7",
    "manufacturerId": "M-1",
    "productionDate": "2024-01-01",
    "equipmentType": 1,
    "equipmentCategory": 1,
    "validateConnectorCount": 2,
    "ratedVoltage": 220,
    "ratedCurrent": 16.5,
    "ratedPower": 3.5,
    "equipmentLng": 121.5,
    "equipmentLat": 31.2,
    "operationDate": "2024-06-01",
    "camera": 3,
}
CELL = {
    "cellId": "C-1",
    "equipmentId": "E-1",
    "cellType": 1,
    "cellStandard": "GB/T 20234.2",
    "ratedVoltageUpperLimit": 240,
    "ratedVoltageLowerLimit": 200.5,
    "ratedCurrent": 16,
    "ratedPower": 3.5,
    "electricityFee": "1.2",
    "serviceFee": "0.4",
    "fireControl": 1,
    "smokeSensation": 3,
}
STATUS = {
    "cellId": "C-1",
    "equipmentId": "E-1",
    "updateDatetime": "2024-05-01 09:00:00",
    "cellStatus": 3,
    "doorStatus": 10,
    "current": 16.5,
    "voltage": 220.1,
    "power": 3.52,
    "quantity": 1,
    "envTemperature": -3.5,
    "cirTemperature": 31,
}
RECORD = {
    "startChargeSeq": "395815801202405010900000001",
    "cellId": "C-1",
    "startDatetime": "2024-05-01 09:00:00",
    "endDatetime": "2024-05-01 11:00:00",
    "totalPower": 12.3,
    "totalElecMoney": 9.84,
    "totalServiceMoney": 0,
    "stopReason": 0,
    "averagePower": 6.15,
}
ANOTHER = RECORD | {"startChargeSeq": "395815801202405010900000002"}
URL = {"url": "https://relay.example/callbacks/city-platform/called"}
PAGE = {"pageIndex": 1, "pageSize": 10}
VEHICLE = "0123456789abcdef0123456789abcdef"
CONNECTOR = {"operatorId": "313744932", "connectorId": "1234988500", "source": "CARAPP"}
SAVER_OF = {"vehicleBrand": "CADILLAC"}
SAVER = SAVER_OF | {"channel": "CSM"}
SAVED = {
    "operatorId": "313744932",
    "stationId": "444",
    "stationSaved": True,
    "lastUpdateTime": 1669087628435,
}
CHARGE = {"deviceNum": "18000001", "devicePort": 1, "chargeId": "1751254762038"}

VENDORS: Mapping[str, Vendor] = {
    "city-platform": Vendor(
        {**CITY, "risk_url": "{url}/risk"},
        (
            ("fetch-token", {}),
            ("create-station", {"stationId": "S-1", "fields": STATION}),
            ("change-station", {"stationId": "S-1", "fields": {"canopy": 2}}),
            ("list-stations", PAGE),
            ("create-equipment", {"equipmentId": "E-1", "stationId": "S-1", "fields": EQUIPMENT}),
            ("change-equipment", {"equipmentId": "E-1", "stationId": "S-1", "fields": {}}),
            ("list-equipment", PAGE),
            ("create-cell", CELL),
            ("change-cell", {"cellId": "C-1", "equipmentId": "E-1", "serviceFee": "0.5"}),
            ("list-cells", PAGE),
            ("set-report-failure-url", URL),
            ("remove-report-failure-url", {}),
            ("set-meta-info-url", URL),
            ("remove-meta-info-url", {}),
            ("set-cell-risk-url", URL),
            ("report-status", STATUS),
            ("report-statuses", {"items": [STATUS, STATUS | {"cellId": "C-2"}]}),
            ("re-report-status", STATUS | {"chargingMetaInfoId": "M-1"}),
            ("report-record", RECORD),
            ("report-records", {"items": [ANOTHER]}),
            ("list-records", PAGE),
            ("report-cell-risk", {"cellId": "C-1", "riskLevel": "高风险", "riskReason": "烟雾"}),
            ("delete-cell", {"cellId": "C-1"}),
            ("delete-equipment", {"equipmentId": "E-1"}),
            ("delete-station", {"stationId": "S-1"}),
        ),
    ),
    "mall-garage": Vendor(
        GARAGE,
        (
            (
                "push-record",
                {
                    "orderNo": "A-1",
                    "plateNo": "浙B12345",
                    "startTime": "2024-05-01 09:00:00",
                    "endTime": "2024-05-01 11:00:00",
                    "stationId": "S-1",
                    "stationName": "East",
                    "deviceId": "D-1",
                    "deviceName": "No. 1",
                    "power": 12.3,
                },
            ),
        ),
    ),
    "car-maker": Vendor(
        {
            "system": "sgm_info4",
            "app_id": "0lsQoWek",
            "app_key_url": "{tls}",
            "ca_file": "{papers}/server.pem",
            "client_cert": "{papers}/client.pem",
            "client_key": "{papers}/client.key",
            "idp_user_id": "idp-1",
            "access_token": "sandbox-access-token",
            "brand_id": "2",
        },
        (
            ("generate-app-key", {}),
            ("create-order", {"uuid": VEHICLE, "sidTag": "SD"}),
            ("query-order", {"uuid": VEHICLE, "cusOrderId": "@cusOrderId"}),
            ("update-reservation", {"preNum": "NPOE21122800000013", "status": 2}),
            ("list-stations", {"areaCode": "310100", "lat": "31.2", "lng": "121.5"}),
            ("create-reservation", CONNECTOR | {"stationId": "444"}),
            ("query-reservation", {"preNum": "@preNum"}),
            ("open-ground-lock", CONNECTOR),
            ("update-favourite-station", {**SAVER, "updateType": "FULL", "savedStations": [SAVED]}),
            ("favourite-stations", {**SAVER_OF, "pageSize": 10, "pageNum": 1}),
            ("connector-info", {"operatorId": "313744932", "stationId": "444"}),
            ("station-detail", {"operatorId": "313744932", "stationId": "444"}),
            ("vehicle-features", {"features": ["features"], "vin": "LSGKB54H0DV000001"}),
        ),
    ),
    "pile-cloud": Vendor(
        {
            "system": "wanzhuang",
            "app_id": "app-1",
            "app_secret": "sandbox-secret",
            "sign_scheme": "md5_sorted_key",
            "operator_id": "395815801",
        },
        (
            ("get-mode", {"deviceNum": "18000001"}),
            ("device-state", {"deviceNum": "18000001"}),
            ("device-state-list", {"deviceNums": ["18000001", "18000008"]}),
            ("start-charge", CHARGE | {"chargeMode": 0, "totalFee": "10.00"}),
            ("stop-charge", CHARGE),
            ("callback-log", {"chargeId": CHARGE["chargeId"]}),
            ("retry-finish-callback", {"chargeId": CHARGE["chargeId"]}),
            ("set-port-error", {"deviceNum": "18000001", "devicePort": 2, "isError": True}),
        ),
    ),
    "own-piles": Vendor(
        {
            "system": "pile_admin",
            "username": "admin",
            "password": "sandbox-password",
            "piles": {"C-1": 1},
        },
        (
            ("login", {}),
            ("status-set", {"id": 1, "status": "on"}),
            ("status-get", {}),
            ("queue", {"id": 1}),
        ),
    ),
}
every_vendor = pytest.mark.parametrize("vendor", sorted(VENDORS))


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The certificates of the sandbox and of its client."""
    folder = tmp_path_factory.mktemp("papers")
    for name in ("server", "client"):
        certificates.make(folder, name)
    return folder


@pytest.fixture(scope="module")
def places(papers: Path) -> Iterator[dict[str, str]]:
    """Where a sandbox with both ports is."""
    papers_of = ("--tls-cert", papers / "server.pem", "--tls-key", papers / "server.key")
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--tls-port", "0", *papers_of]
    process = subprocess.Popen(
        [*map(str, command), "--tls-client-ca", str(papers / "client.pem")],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    plain = listening_url(process)
    assert process.stdout is not None
    tls = process.stdout.readline().removeprefix("sandbox listening on ").strip()
    yield {"url": plain, "tls": tls, "papers": str(papers)}
    process.terminate()
    process.communicate()


@pytest.fixture
def configured(
    vendor: str,
    places: dict[str, str],
    valkey_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The command line knows this vendor, which starts clean."""
    control = Control(places["url"], vendor)
    control.clean()
    if vendor == "city-platform":  # only what has failed there is reported again
        control.call("POST", "later-failures", json={"ids": ["M-1"]})
    control.session.close()
    here = {**places, "url": f"{places['url']}/{vendor}", "tls": f"{places['tls']}/{vendor}"}
    own = {"base_url": here["url"], "private_address": True}
    table = {**own, **VENDORS[vendor].table}
    lines = [f"{key} = {_toml(value, here)}" for key, value in table.items()]
    path = tmp_path / "vendors.toml"
    path.write_text("\n".join([f"[vendors.{vendor}]", *lines]), encoding="utf-8")
    monkeypatch.setenv("RELAY_VENDORS_FILE", str(path))
    monkeypatch.setenv("RELAY_BROKER_URL", valkey_url)


def _toml(value: object, here: Mapping[str, str]) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f'"{k}" = {_toml(v, here)}' for k, v in value.items()) + "}"
    text = json.dumps(value)
    for name, place in here.items():
        text = text.replace(f"{{{name}}}", place)
    return text


def _filled(arguments: Given, last: object) -> Given:
    said = last if isinstance(last, dict) else {}
    return {
        name: said[value[1:]] if isinstance(value, str) and value.startswith("@") else value
        for name, value in arguments.items()
    }


def test_every_system_has_a_vendor_here() -> None:
    assert {vendor.table["system"] for vendor in VENDORS.values()} == set(systems())


@every_vendor
def test_an_example_stands_for_every_operation(vendor: str) -> None:
    system = systems()[str(VENDORS[vendor].table["system"])]
    assert {name for name, _ in VENDORS[vendor].calls} == set(system.operations)


@every_vendor
@pytest.mark.usefixtures("configured")
def test_the_sandbox_accepts_every_operation(vendor: str) -> None:
    last: object = None
    for name, arguments in VENDORS[vendor].calls:
        given = json.dumps(_filled(arguments, last))
        command = ["call", vendor, name, "--with", given, "--json"]
        ended = CliRunner().invoke(cli.app, command)
        assert ended.exit_code == 0, (name, ended.output, ended.exception)
        (row,) = json.loads(ended.stdout)
        assert (row["operation"], row["outcome"]) == (name, "accepted")
        last = row["data"]


@every_vendor
@pytest.mark.usefixtures("configured")
def test_every_operation_is_described(vendor: str) -> None:
    for name, arguments in VENDORS[vendor].calls:
        ended = CliRunner().invoke(cli.app, ["call", vendor, name, "--describe", "--json"])
        assert ended.exit_code == 0, (name, ended.output)
        assert set(arguments) <= {row["name"] for row in json.loads(ended.stdout)}
