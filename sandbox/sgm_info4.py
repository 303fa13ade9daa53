"""The car maker's gateway, document 002: twelve business calls and the one that tells the AppKey.

Every answer is HTTP 200. The AppKey is told only to a caller who comes over TLS with a client
certificate. Paths are taken as the document's tables and as its examples spell them.
"""

from collections.abc import Callable, Mapping
from typing import ClassVar

from sandbox import info4_forms as forms
from sandbox.info4_answers import Refusal, success
from sandbox.info4_forms import Table
from sandbox.info4_gateway import Gateway
from sandbox.info4_orders import DONE, FAILED, ORDERED, Orders
from sandbox.info4_reservations import Reservations
from sandbox.info4_services import Body, Done, Services
from sandbox.info4_stations import Stations
from sandbox.received import Received
from sandbox.system import Answer, Call, Carried, Control, ControlError, Operation, System

APP_KEY_PATH = "/info4gw/apigateway/public/generateAppKey/"
_MAP = "/info4gw/apigateway/info4-map/sgmMap"
_STATION = "/info4gw/apigateway/private/info4-map/charging-station"
_SPELLINGS = ("np0", "npo", "npoc")

_DOCUMENTS_KEY = "766175cc49c611e8842f0ed5f89f718b"
_EXPIRATION_MINUTES = 600

Work = Callable[[Call, Body], Done]


class SgmInfo4(System):
    """The gateway, as it looks to one app with one user."""

    settings: ClassVar = {
        "app_id": "0lsQoWek",
        "app_key": _DOCUMENTS_KEY,
        "idp_user_id": "idp-1",
        "access_token": "sandbox-access-token",
        "brand_id": "1",
        "order_done_after_queries": 2.0,
    }
    has_tokens = True
    has_app_key = True

    def __init__(
        self,
        received: Received,
        *,
        app_id: str,
        app_key: str,
        idp_user_id: str,
        access_token: str,
        brand_id: str,
        order_done_after_queries: float,
    ) -> None:
        """Play the gateway; the two reservations of the start are of `brand_id`."""
        self._gateway = Gateway(app_id, app_key, idp_user_id, access_token)
        reservations = Reservations(brand_id, idp_user_id)
        orders = Orders(order_done_after_queries)
        self._services = Services(received, orders, reservations, Stations())
        super().__init__(received)

    def operations(self) -> Mapping[tuple[str, str], Operation]:
        """The document's business calls."""
        services = self._services
        works: dict[str, tuple[Table, Work]] = {
            f"{_MAP}/createOrder": (forms.CREATE_ORDER, services.create_order),
            f"{_MAP}/orderQuery": (forms.QUERY_ORDER, services.query_order),
            f"{_STATION}/csds/queryStationNew": (forms.LIST_STATIONS, services.list_stations),
            f"{_STATION}/csds/chargeStation/unLock": (forms.UNLOCK, services.unlock),
            f"{_STATION}/csds/queryStation/equipment": (forms.EQUIPMENT, services.equipment),
            f"{_STATION}/csds/queryStation/info": (forms.STATION, services.station),
            f"{_STATION}/saving/update": (forms.SAVE_STATIONS, services.save_stations),
            f"{_STATION}/saving/list": (forms.LIST_SAVED, services.list_saved),
            f"{_STATION}/vis2c/vin/feature/query": (forms.FEATURES, services.features),
        }
        for spelling in _SPELLINGS:
            prefix = f"{_STATION}/{spelling}"
            works |= {
                f"{prefix}/charge/update": (forms.CHANGE_RESERVATION, services.change_reservation),
                f"{prefix}/pre/create": (forms.CREATE_RESERVATION, services.create_reservation),
                f"{prefix}/pre/query": (forms.QUERY_RESERVATIONS, services.query_reservations),
            }
        return {("POST", path): self._behind(table, work) for path, (table, work) in works.items()}

    def answer(self, call: Call) -> Answer:
        """Answer a call; a path that is not known is 0010, another method than POST 4002."""
        if call.path.startswith(APP_KEY_PATH) and call.method == "POST":
            return self._app_key(call)
        if ("POST", call.path) not in self._operations and not call.path.startswith(APP_KEY_PATH):
            return Refusal("0010").answer()
        return Refusal("4002").answer() if call.method != "POST" else super().answer(call)

    def controls(self) -> Mapping[str, Control]:
        """Make a reservation known, fix how an order stands, sign the user in again."""
        return {
            "reservations": self._add_reservation,
            "orders": self._fix_order,
            "sign_in": self._sign_in,
        }

    def carries(self, headers: Mapping[str, str], query: Mapping[str, str]) -> Carried:
        """The user's access token and the auth code are headers."""
        return Carried(token="accessToken" in headers, app_key="authCode" in headers)

    def expire_tokens(self) -> None:
        """Sign the user out; a control call or a reset signs in again."""
        self._gateway.sign_out()

    def rotate_app_key(self) -> None:
        """Replace the AppKey; the old one gets 0003 from now on."""
        self._gateway.rotate_app_key()

    def forget(self) -> None:
        """Forget orders and reservations and sign the user in; the AppKey stays as it is."""
        self._services.restart()
        self._gateway.sign_in()

    def _behind(self, table: Table, work: Work) -> Operation:
        def operation(call: Call) -> Answer:
            done = self._done(call, table, work)
            return done.answer() if isinstance(done, Refusal) else done

        return operation

    def _done(self, call: Call, table: Table, work: Work) -> Done:
        if refusal := self._gateway.refusal(
            call.headers, user_needed=call.path.startswith(_STATION)
        ):
            return refusal
        if not _says_json(call):
            return Refusal("4005")
        body, complaint = call.json()
        if complaint or not isinstance(body, dict):
            return Refusal("4001", complaint or "请求体应为对象")
        return table.refusal(body) or work(call, body)

    def _app_key(self, call: Call) -> Answer:
        if not call.client_certificate:
            return Refusal("0004").answer()
        if not _says_json(call):
            return Refusal("4005").answer()
        if call.path.removeprefix(APP_KEY_PATH) != self._gateway.app_id:
            return Refusal("0011").answer()
        self.received.counters.token_fetches += 1
        key = {"appKey": self._gateway.app_key, "expirationMinutes": _EXPIRATION_MINUTES}
        return success(key)

    def _add_reservation(self, content: Mapping[str, object]) -> object:
        pre_num = content.get("pre_num")
        connector_id = content.get("connector_id", "3702120244412")
        if not isinstance(pre_num, str) or not pre_num or not isinstance(connector_id, str):
            raise ControlError("pre_num must be text, and connector_id, if told")
        return self._services.reservations.add(pre_num, connector_id).shown({})

    def _fix_order(self, content: Mapping[str, object]) -> object:
        order, status = (
            self._services.orders.find(content.get("cus_order_id")),
            content.get("status"),
        )
        if order is None or status not in (ORDERED, DONE, FAILED):
            raise ControlError('cus_order_id must be known and status "1", "2" or "3"')
        order.fixed = str(status)
        return {"cus_order_id": order.order_id, "status": order.fixed}

    def _sign_in(self, content: Mapping[str, object]) -> object:
        token = content.get("access_token")
        if token is not None and not isinstance(token, str):
            raise ControlError("access_token must be text, or left out for the first one")
        self._gateway.sign_in(token)
        return {"status": "ok"}


def _says_json(call: Call) -> bool:
    return call.headers.get("Content-Type", "").startswith("application/json")
