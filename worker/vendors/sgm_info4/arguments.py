"""What the document's calls are given: the fields of its tables, typed, under their own names."""

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from worker.operation import Arguments


def _text(value: object) -> object:
    """The document types nearly everything as String; a person may write a number."""
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return str(value)
    return value


Text = Annotated[str, BeforeValidator(_text)]
Id = Annotated[str, BeforeValidator(_text), Field(min_length=1)]
Uuid = Annotated[
    str, Field(min_length=32, max_length=32, description="the vehicle's uuid, 32 characters")
]
ReservationStatus = Literal[1, 2, 3]
Brand = Literal["BUICK", "CHEVY", "CADILLAC", "CADILLAC_IQ"]
BRAND_ID = (
    "1 Buick, 2 Cadillac, 3 Chevrolet, 4 Ultium, 5 PATAC; left out: brand_id of the vendors file"
)


class CreateOrder(Arguments):
    """【云对云下单】创建订单."""

    uuid: Uuid
    sid_tag: Literal["SD", "HQ"] = Field(description="SD: standard map, HQ: high-precision map")


class QueryOrder(Arguments):
    """【云对云下单】订单查询."""

    uuid: Uuid
    cus_order_id: Id = Field(description="the order's id, as create-order answered it")


class UpdateReservation(Arguments):
    """【公桩】修改预约."""

    pre_num: Id = Field(description="number of the reservation")
    status: ReservationStatus = Field(description="1 reserved, 2 completed, 3 cancelled")
    cancel_reason: Text | None = Field(None, description="why it is cancelled")


class StationsOfOperator(Arguments):
    """An entry of stationList."""

    operator_id: Id | None = Field(None, description="the operator's id")
    station_ids: tuple[Id, ...] | None = Field(None, description="ids of its stations")


class StationFilter(Arguments):
    """An entry of filterList."""

    filter_attr: Text | None = Field(None, description="attribute to filter by")
    filter_value: tuple[Text, ...] | None = Field(None, description="values that are let through")


class ListStations(Arguments):
    """【公桩】充电站列表查询."""

    area_code: Text | None = Field(None, description="the city's code, such as 310100")
    lat: Text | None = Field(None, description="latitude, degrees")
    lng: Text | None = Field(None, description="longitude, degrees")
    key_words: Text | None = Field(None, description="part of an address or a station's name")
    station_flag: Text | None = Field(None, description="class of the station: A, B, C")
    distance: Text | None = Field(None, description="at most so far away, km")
    station_type: Text | None = Field(None, description="0 all, 1 public only, 2 not public only")
    from_: Text | None = Field(None, alias="from", description="page; left out: the first")
    size: Text | None = Field(None, description="stations a page; left out: 100")
    station_status: Text | None = Field(
        None, description="0 unknown, 1 being built, 5 closed, 6 in maintenance, 50 in use"
    )
    is_park_fee_free: Text | None = Field(
        None, description="1: with relief from parking fees, 0: without"
    )
    station_list: tuple[StationsOfOperator, ...] | None = Field(
        None, description="only these stations, by operator"
    )
    filter_list: tuple[StationFilter, ...] | None = Field(None, description="further filters")


class CreateReservation(Arguments):
    """【公桩】创建公桩预约."""

    operator_id: Id = Field(description="the operator's id")
    station_id: Id = Field(description="the station's id")
    connector_id: Id = Field(description="the connector to reserve")
    brand_id: Id | None = Field(None, description=BRAND_ID)
    remark: Text | None = Field(None, description="a remark")
    source: Id = Field(description="where the reservation comes from, such as XAPP")


class OpenGroundLock(Arguments):
    """【公桩】开启地锁."""

    operator_id: Id = Field(description="the operator's id")
    connector_id: Id = Field(description="the connector whose ground lock is lowered")
    brand_id: Id | None = Field(None, description=BRAND_ID)
    source: Id = Field(description="APP phone, WEAPP WeChat mini program, CARAPP car")


class SavedStation(Arguments):
    """An entry of savedStations."""

    operator_id: Id = Field(description="the station's operator")
    station_id: Id = Field(description="the station's id")
    station_saved: bool = Field(description="whether it is a favourite")
    last_update_time: int = Field(ge=0, description="when the user changed that, ms since 1970")


class UpdateFavouriteStation(Arguments):
    """【公桩】更新用户收藏充电站."""

    vehicle_brand: Brand = Field(description="the vehicle's brand")
    channel: Literal["CSM", "MOBILE"] = Field(description="CSM: from the car, MOBILE: from a phone")
    update_type: Literal["INCREMENT", "FULL"] = Field(
        description="INCREMENT: change these only, FULL: replace the whole list"
    )
    saved_stations: tuple[SavedStation, ...] = Field(description="the stations")


class QueryReservation(Arguments):
    """【公桩】查询公桩预约."""

    source: Text | None = Field(None, description="where the reservation came from, such as XAPP")
    operator_id: Text | None = Field(None, description="the operator's id")
    brand_id: Id | None = Field(None, description=BRAND_ID)
    pre_num: Text | None = Field(None, description="number of the reservation")
    status: ReservationStatus | None = Field(
        None, description="1 reserved, 2 completed, 3 cancelled"
    )
    page_num: int | None = Field(None, ge=1, description="page, from 1")
    page_size: int | None = Field(None, ge=1, description="reservations a page")


class ConnectorInfo(Arguments):
    """【公桩】获取充电桩信息."""

    operator_id: Text | None = Field(None, description="the operator's id")
    station_id: Text | None = Field(None, description="the station's id")
    equipment_id: Text | None = Field(None, description="the charging equipment's id")


class StationDetail(Arguments):
    """【公桩】获取充电站详情."""

    operator_id: Id = Field(description="the operator's id")
    station_id: Id = Field(description="the station's id")
    lng: Text | None = Field(None, description="longitude, degrees; brings the distance, with lat")
    lat: Text | None = Field(None, description="latitude, degrees; brings the distance, with lng")

    @model_validator(mode="after")
    def _both_or_neither(self) -> Self:
        if (self.lng is None) != (self.lat is None):
            raise ValueError("lng and lat are given both or neither")
        return self


class FavouriteStations(Arguments):
    """【公桩】获取用户收藏充电站."""

    vehicle_brand: Brand = Field(description="the vehicle's brand")
    page_size: int = Field(ge=1, description="stations a page")
    page_num: int = Field(ge=1, description="page, from 1")


class VehicleFeatures(Arguments):
    """【公桩】车辆特性查询."""

    features: tuple[Text, ...] | None = Field(None, description="codes of the features; all if out")
    vin: Id = Field(description="the vehicle's VIN")
