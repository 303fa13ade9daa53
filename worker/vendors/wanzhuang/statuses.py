"""What a port does, as a connector-status event of the vendor's settings."""

from collections.abc import Mapping
from datetime import datetime

from worker.events import ConnectorState, Kind
from worker.vendors.wanzhuang.settings import WanzhuangSettings

Happening = tuple[Kind, Mapping[str, object]]


def status_event(
    own: WanzhuangSettings,
    device_num: str,
    port: str,
    status: ConnectorState,
    moment: datetime,
    **more: object,
) -> Happening:
    """The event; what is not known is left out.

    Args:
        own: operator, station and how a port is called.
        device_num: the device.
        port: its port.
        status: what the port does.
        moment: since when, or when it was seen.
        more: further fields under their names.
    """
    event = {
        "operatorId": own.operator_id,
        "stationId": own.station_id,
        "equipmentId": device_num,
        "connectorId": own.connector(device_num, port),
        "status": int(status),
        "updateTime": moment.isoformat(timespec="seconds"),
        **more,
    }
    return Kind.CONNECTOR_STATUS, {
        name: value for name, value in event.items() if value not in (None, "")
    }
