"""What the platform's calls are given, field by field, in the document's names and units."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from worker.fields import parse_moment
from worker.operation import Arguments

STATUSES_A_CALL = 12
RECORDS_A_CALL = 30

Text = Annotated[str, Field(min_length=1, max_length=512)]
Id = Annotated[str, Field(min_length=1, max_length=128)]
OneDecimal = Annotated[Decimal, Field(max_digits=12, decimal_places=1)]
TwoDecimals = Annotated[Decimal, Field(max_digits=12, decimal_places=2)]
Moment = Annotated[datetime, BeforeValidator(parse_moment)]
YesNo = Literal[1, 2, 3]

MOMENT = "yyyy-MM-dd HH:mm:ss in Asia/Shanghai, or RFC 3339"


class OfOperator(Arguments):
    """What every call but the token's says."""

    operator_id: Id | None = Field(None, description="运营商 id; left out: the vendor's own")


class Page(OfOperator):
    """A page of a list."""

    page_index: int = Field(1, ge=1, description="分页索引, from 1")
    page_size: int = Field(20, ge=1, description="分页大小")


class StationKey(OfOperator):
    """Which station."""

    station_id: Id = Field(description="充电站ID, unique within the operator")


class Station(StationKey):
    """A station; of its other fields only the names are known."""

    fields: dict[str, Any] = Field(
        default_factory=dict,
        description="further fields as a JSON object; a public server asks for equipmentOwnerId, "
        "stationName, areaCode, district, street, community, village, address, serviceTel, "
        "stationType, stationStatus, chargingNums, stationLng, stationLat, canopy, camera, "
        "smokeSensation, fireControl, feeType, electricityFee, serviceFee, createDate and "
        "operationDate (yyyy-MM-dd)",
    )


class EquipmentKey(OfOperator):
    """Which equipment."""

    equipment_id: Id = Field(description="设备编码, unique within the operator")


class Equipment(EquipmentKey):
    """An equipment; of its other fields only the names are known."""

    station_id: Id = Field(description="所属站点ID")
    fields: dict[str, Any] = Field(
        default_factory=dict,
        description="further fields as a JSON object; a public server asks for equipmentName, "
        "manufacturerBrand, equipmentModel, manufacturerId, productionDate, equipmentType "
        "(1 AC, 2 DC, 3 both), equipmentCategory (1 pile, 2 cabinet, 3 swap cabinet), "
        "validateConnectorCount, ratedVoltage, ratedCurrent, ratedPower, equipmentLng, "
        "equipmentLat, operationDate (yyyy-MM-dd) and camera (1 yes, 2 no, 3 unknown)",
    )


class CellKey(OfOperator):
    """Which cell (充电口)."""

    cell_id: Id = Field(description="充电设备接口编码, unique within the operator")


class Cell(CellKey):
    """提交一个充电口信息."""

    equipment_id: Id = Field(description="所属充电设施ID")
    cell_type: Literal[1, 2, 3, 4, 5] = Field(
        description="充电设备接口类型: 1 home socket, 2 DC plug, 3 AC plug, 4 wireless, 5 other"
    )
    cell_standard: Text = Field(description="接口标准, the number of the national standard")
    rated_voltage_upper_limit: OneDecimal = Field(description="额定电压上限, V, one decimal")
    rated_voltage_lower_limit: OneDecimal = Field(description="额定电压下限, V, one decimal")
    rated_current: OneDecimal = Field(description="额定电流, A, one decimal")
    rated_power: OneDecimal = Field(description="额定功率, kW, one decimal")
    electricity_fee: Text = Field(description="充电电费率描述")
    service_fee: Text = Field(description="服务费率描述")
    fire_control: YesNo = Field(description="是否有灭火装置: 1 yes, 2 no, 3 unknown")
    smoke_sensation: YesNo = Field(description="是否有烟感: 1 yes, 2 no, 3 unknown")


class CellChange(CellKey):
    """修改一个充电口信息: what is left out stays as it is."""

    equipment_id: Id = Field(description="所属充电设施ID")
    cell_type: Literal[1, 2, 3, 4, 5] | None = Field(None, description="as for create-cell")
    cell_standard: Text | None = Field(None, description="接口标准")
    rated_voltage_upper_limit: OneDecimal | None = Field(None, description="V, one decimal")
    rated_voltage_lower_limit: OneDecimal | None = Field(None, description="V, one decimal")
    rated_current: OneDecimal | None = Field(None, description="A, one decimal")
    rated_power: OneDecimal | None = Field(None, description="kW, one decimal")
    electricity_fee: Text | None = Field(None, description="充电电费率描述")
    service_fee: Text | None = Field(None, description="服务费率描述")
    fire_control: YesNo | None = Field(None, description="1 yes, 2 no, 3 unknown")
    smoke_sensation: YesNo | None = Field(None, description="1 yes, 2 no, 3 unknown")


class Status(OfOperator):
    """上报充电口实时信息."""

    cell_id: Id = Field(description="充电设备接口编码")
    equipment_id: Id = Field(description="所属充电设施ID")
    update_datetime: Moment = Field(description=f"time at the hardware, {MOMENT}")
    cell_status: Literal[0, 1, 2, 3, 4, 5, 255] = Field(
        description="0 offline, 1 idle, 2 occupied, 3 charging, 4 reserved, 5 finished, 255 fault"
    )
    door_status: Literal[0, 10, 50] = Field(0, description="0 unknown, 10 closed, 50 open")
    error_code: int = Field(1000, ge=0, description="1000 normal, 1001–1017, 2001–2036")
    current: TwoDecimals = Field(description="A, two decimals")
    voltage: TwoDecimals = Field(description="V, two decimals")
    power: TwoDecimals = Field(description="kW, two decimals")
    quantity: TwoDecimals = Field(description="kWh, two decimals")
    env_temperature: TwoDecimals = Field(description="°C, two decimals")
    cir_temperature: TwoDecimals = Field(description="°C, two decimals")
    residual_current: TwoDecimals | None = Field(None, description="mA, two decimals")
    start_charge_seq: Text | None = Field(None, description="of the charge under way")


class StatusAgain(Status):
    """重新上报充电口实时信息."""

    charging_meta_info_id: Id = Field(
        description="the requestId that the platform named in its failure callback"
    )


class Statuses(Arguments):
    """上报充电口实时信息列表."""

    items: list[Status] = Field(
        min_length=1,
        max_length=STATUSES_A_CALL,
        description=f"at most {STATUSES_A_CALL}, of distinct cells; fields as for report-status",
    )

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        if len({item.cell_id for item in self.items}) < len(self.items):
            raise ValueError("one cellId stands in it twice")
        return self


class Record(OfOperator):
    """提交一个充电记录信息."""

    start_charge_seq: str = Field(
        min_length=27,
        max_length=27,
        description="operatorId + yyyyMMddHHmmss + 4 digits, 27 characters",
    )
    cell_id: Id = Field(description="充电设备接口编码")
    start_datetime: Moment = Field(description=MOMENT)
    end_datetime: Moment = Field(description=MOMENT)
    total_power: TwoDecimals = Field(description="kWh, two decimals")
    total_elec_money: TwoDecimals = Field(description="yuan, two decimals")
    total_service_money: TwoDecimals = Field(description="yuan, two decimals")
    start_type: int = Field(0, ge=0, description="its values are in no document")
    stop_reason: int = Field(ge=0, le=24, description="0 to 24")
    average_power: TwoDecimals = Field(description="kW, two decimals")


class Records(Arguments):
    """提交充电记录信息列表."""

    items: list[Record] = Field(
        min_length=1,
        max_length=RECORDS_A_CALL,
        description=f"at most {RECORDS_A_CALL}; fields as for report-record",
    )


class CallbackUrl(OfOperator):
    """Where the platform is to call us."""

    url: str = Field(
        max_length=512,
        pattern=r"^https?://[^\s/]+(/\S*)?$",
        description="回调地址, an http(s) URL of ours",
    )


class CellRisk(OfOperator):
    """安全预警接口举例."""

    cell_id: Id = Field(description="充电设备接口编码")
    risk_level: Literal["高风险", "中风险", "低风险"] = Field(description="high, medium, low")
    risk_reason: Text = Field(description="why")
    platform_datetime: Moment | None = Field(None, description=f"{MOMENT}; left out: now")
