"""What happens behind the gateway of document 002: each call works on a body that was checked."""

from collections.abc import Mapping

from sandbox import info4_station_views as views
from sandbox.info4_answers import Refusal, failed, success
from sandbox.info4_orders import Orders
from sandbox.info4_pages import page
from sandbox.info4_reservations import COMPLETED, MADE, Reservation, Reservations
from sandbox.info4_saved import SavedStations
from sandbox.info4_stations import IDLE, RESERVED, Stations
from sandbox.received import Received
from sandbox.system import Answer, Call

Body = Mapping[str, object]
Done = Answer | Refusal

_LIST_SIZE = 100
_UNLOCKED = 10


class Services:
    """The services of one sandbox, with what they remember."""

    def __init__(
        self, received: Received, orders: Orders, reservations: Reservations, stations: Stations
    ) -> None:
        """Work on these and keep in `received` what changed something."""
        self._received = received
        self.orders = orders
        self.reservations = reservations
        self.stations = stations
        self._saved = SavedStations()

    def restart(self) -> None:
        """Let everything be as at the start."""
        for one in (self.orders, self.reservations, self.stations, self._saved):
            one.restart()

    def create_order(self, call: Call, body: Body) -> Done:
        """Order a map."""
        uuid = str(body["uuid"])
        if complaint := call.rejects(call.path, uuid):
            return failed(complaint)
        order = self.orders.create(uuid)
        self._received.accept("map-order", call.path, order.order_id, uuid, call.body)
        return success({"cusOrderId": order.order_id})

    def query_order(self, call: Call, body: Body) -> Done:
        """Tell how far an order is."""
        order = self.orders.find(body["cusOrderId"])
        if order is None:
            return failed("订单不存在")
        return success({"orderStatus": self.orders.ask(order)})

    def create_reservation(self, call: Call, body: Body) -> Done:
        """Reserve a connector that is free."""
        station = self.stations.find(body["operatorId"], body["stationId"])
        connector = self.stations.connector(body["operatorId"], body["connectorId"])
        if station is None or connector is None or connector not in station.connectors:
            return failed("充电设备接口不存在")
        if complaint := call.rejects(call.path, connector.connector_id):
            return failed(complaint)
        if connector.status != IDLE:
            return failed("充电设备接口不可预约")
        made = self.reservations.create(body)
        connector.status = RESERVED
        self._received.accept("reservation", call.path, made.pre_num, made.pre_num, call.body)
        return success({"preNum": made.pre_num})

    def change_reservation(self, call: Call, body: Body) -> Done:
        """Complete or cancel a reservation, and free its connector."""
        found, status = self.reservations.find(body["preNum"]), int(str(body["status"]))
        if found is None:
            return failed("预约单不存在")
        if complaint := call.rejects(call.path, found.pre_num):
            return failed(complaint)
        if not found.may_become(status):
            done = "已完成" if found.status == COMPLETED else "已取消"
            return failed(f"预约单{done}")
        if found.status != status:
            found.status, found.cancel_reason = status, _text(body.get("cancelReason"))
            connector = self.stations.connector(found.operator_id, found.connector_id)
            if connector is not None and connector.status == RESERVED and status != MADE:
                connector.status = IDLE
        identity = f"{found.pre_num} {status}"
        self._received.accept("reservation-change", call.path, found.pre_num, identity, call.body)
        return success({"preNum": found.pre_num})

    def query_reservations(self, call: Call, body: Body) -> Done:
        """Tell of reservations, page by page."""
        found = page(self.reservations.matching(body), body.get("pageNum"), body.get("pageSize"))
        told = {
            "chargingAppointments": [one.shown(self._place(one)) for one in found.rows],
            "totalCount": found.total,
            "pageSize": found.size,
            "pageNum": found.number,
            "totalPage": found.pages,
        }
        return success(told)

    def unlock(self, call: Call, body: Body) -> Done:
        """Open the lock of a parking space."""
        connector = self.stations.connector(body["operatorId"], body["connectorId"])
        if connector is None:
            return failed("充电设备接口不存在")
        key = connector.connector_id
        if complaint := call.rejects(call.path, key):
            return failed(complaint)
        connector.lock_status = _UNLOCKED
        self._received.accept("unlock", call.path, key, call.headers["timestamp"] + key, call.body)
        return success("")

    def list_stations(self, call: Call, body: Body) -> Done:
        """Tell of stations; `siez` is spelled as in the document."""
        found = page(self.stations.matching(body), body.get("from"), body.get("size"), _LIST_SIZE)
        rows = [views.listed(one, body) for one in found.rows]
        told = {"total": found.total, "from": found.number, "siez": found.size, "resultList": rows}
        return success(told)

    def station(self, call: Call, body: Body) -> Done:
        """Tell all of one station."""
        found = self.stations.find(body["operatorId"], body["stationId"])
        return failed("充电站不存在") if found is None else success(views.in_full(found, body))

    def equipment(self, call: Call, body: Body) -> Done:
        """Tell of one piece of equipment as an object, of a whole station's as a list."""
        known = [
            connector.shown_equipment(connector.shown())
            for one in self.stations
            if body.get("operatorId") in {None, "", one.operator_id}
            and body.get("stationId") in {None, "", one.station_id}
            for connector in one.connectors
        ]
        wanted = body.get("equipmentId")
        if not wanted:
            return success(known)
        found = next((one for one in known if one["equipmentId"] == wanted), None)
        return failed("充电设备不存在") if found is None else success(found)

    def save_stations(self, call: Call, body: Body) -> Done:
        """Take what a user has saved."""
        brand, told = str(body["vehicleBrand"]), body["savedStations"]
        stations = told if isinstance(told, list) else []
        self._saved.take(brand, stations, in_full=body["updateType"] == "FULL")
        identity = call.headers["timestamp"] + brand
        self._received.accept("saved-stations", call.path, brand, identity, call.body)
        return success({})

    def list_saved(self, call: Call, body: Body) -> Done:
        """Tell what a user has saved, page by page."""
        saved = self._saved.of(str(body["vehicleBrand"]))
        found = page(saved, body["pageNum"], body["pageSize"])
        told = {
            "totalPages": found.pages,
            "totalCount": found.total,
            "pageSize": found.size,
            "pageNum": found.number,
            "items": [self._saved_row(one) for one in found.rows],
        }
        return success(told)

    def features(self, call: Call, body: Body) -> Done:
        """Tell the features of a vehicle; without a list, the two that every vehicle has."""
        asked = body.get("features")
        codes = asked if isinstance(asked, list) and asked else ["PLUG_CHARGE", "PRE_CHARGE"]
        return success(
            [{"featureCode": code, "featureValue": "1", "clientAccessOpen": True} for code in codes]
        )

    def _place(self, reservation: Reservation) -> Body:
        found = self.stations.find(reservation.operator_id, reservation.station_id)
        return {
            "stationName": found.name if found else "",
            "stationAddress": found.address if found else "",
            "lng": str(found.lng) if found else "",
            "lat": str(found.lat) if found else "",
        }

    def _saved_row(self, saved: Body) -> dict[str, object]:
        named = {name: saved[name] for name in ("operatorId", "stationId", "stationSaved")}
        found = self.stations.find(saved["operatorId"], saved["stationId"])
        return named | (views.saved(found) if found else {"stationName": ""})


def _text(value: object) -> str | None:
    return None if value is None else str(value)
