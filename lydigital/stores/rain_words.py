"""How people write rain tables: headings, times, numbers, words for "none" and "a trace"."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, Literal, NamedTuple

from lydigital.model.rainfall import BEIJING, Flag

Role = Literal["code", "name", "lon", "lat", "time", "date", "hour", "rain", "other"]

_ROLES: dict[Role, frozenset[str]] = {
    "code": frozenset((
        "站号", "区站号", "站码", "站点号", "测站编码", "测站代码", "站点编号", "站点代码", "站编号", "编号", "雨量站编号", "站代码",
        "stationid", "stationcode", "stcd", "code", "gauge", "gaugeid", "gaugecode", "id", "station", "stationno", "siteid",
    )),
    "name": frozenset(("站名", "测站名称", "站点名称", "名称", "雨量站", "雨量站名称", "站点", "测站", "name", "stnm", "stationname", "gaugename")),
    "lon": frozenset(("经度", "东经", "lon", "long", "longitude", "lng", "lgtd")),
    "lat": frozenset(("纬度", "北纬", "lat", "latitude", "lttd")),
    "time": frozenset((
        "时间", "观测时间", "资料时间", "时刻", "日期时间", "监测时间", "time", "datetime", "timestamp", "tm", "observed", "obstime",
        "datatime",
    )),
    "date": frozenset(("日期", "年月日", "观测日期", "date", "day", "ymd")),
    "hour": frozenset(("时", "小时", "时次", "钟点", "hour", "hr", "hh")),
    "rain": frozenset((
        "雨量", "降水量", "降雨量", "小时雨量", "时雨量", "小时降水量", "小时降雨量", "逐小时雨量", "日雨量", "日降水量", "日降雨量", "降水", "降雨",
        "1小时降水量", "过去1小时降水量", "24小时雨量", "24小时降水量", "20-20时降水量", "20-20时雨量", "rain", "rainfall", "rainmm",
        "rainfallmm", "precip", "precipitation", "pre", "pre1h", "pre24h", "prehour", "drp", "p", "value", "amount",
    )),
}  # fmt: skip
_IGNORED = frozenset((
    "序号", "县", "区县", "市", "省", "乡镇", "高程", "海拔", "备注", "站类", "合计", "累计", "总计", "数据性质", "性质", "水系", "河流", "流域",
    "fid", "ogcfid", "no", "county", "elevation", "elevationm", "altitude", "note", "remark", "kind", "nature", "total", "sum",
    "countycode", "区县代码", "qc", "质控码", "flag",
))  # fmt: skip
_UNITS = re.compile(r"[（(\[].*?[)）\]]")
_MISSING = frozenset((
    "", "-", "--", "---", "—", "——", "/", "\\", "*", "x", "m", "na", "n/a", "nan", "null", "none", "缺测", "缺", "缺报", "无", "无数据",
    "未测", "故障", "missing",
))  # fmt: skip
_TRACE = frozenset(("微量", "微", "t", "trace", "tr", "999990", "<0.1", "32700"))
_SENTINELS = frozenset((
    9999.0, -9999.0, 999.0, -999.0, 999.9, -999.9, 9999.9, 99999.0, -99999.0, 999999.0, -99.0, 32766.0, 32767.0, -32768.0,
    999998.0, 999999.9, 99999.9,
))  # fmt: skip
MOST_MM = {1: 250.0, 24: 1700.0}  # more never fell (Zhengzhou 2021: 201.9 mm/h; world record of a day: 1825 mm)

_TIME = re.compile(
    r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ]+(\d{1,2})(?::(\d{1,2}))?(?::(\d{1,2})(?:\.\d+)?)?)?\s*(Z|UTC|[+-]\d{2}:?\d{2})?:?"
)
_DIGITS = re.compile(r"(\d{4})(\d{2})(\d{2})(?:[T ]?(\d{2}))?(?::?(\d{2}))?(?::?(\d{2}))?\s*(Z|UTC|[+-]\d{2}:?\d{2})?")
_CHINESE = str.maketrans({"年": "-", "月": "-", "日": " ", "时": ":", "点": ":", "分": ":", "秒": " ", "號": " ", "号": " "})


class Moment(NamedTuple):
    """A time: in UTC, whether its zone was written, whether it has an hour at all."""

    at: datetime
    has_zone: bool
    has_hour: bool


def plain(text: object) -> str:
    """Text with full-width signs made narrow and blanks off the ends."""
    return unicodedata.normalize("NFKC", "" if text is None else str(text)).strip().strip("\ufeff").strip()


def role_of(heading: object) -> Role | None:
    """What a column holds; None for what is no known heading (a gauge, or a time), ``other`` for what is not needed."""
    text = plain(heading).casefold()
    bare = re.sub(r"[\s_\-.]", "", _UNITS.sub("", text))
    if not bare or bare in _IGNORED:
        return "other"
    for role, words in _ROLES.items():
        if bare in words or re.sub(r"[\s_]", "", _UNITS.sub("", text)) in words:
            return role
    for end in ("mm", "毫米"):
        if bare.endswith(end) and bare.removesuffix(end) in _ROLES["rain"]:
            return "rain"
    return None


def zone_of(heading: object) -> timezone | None:
    """The zone that a heading names."""
    text = plain(heading).casefold()
    if "utc" in text or "世界时" in text or "gmt" in text:
        return UTC
    return BEIJING if "北京" in text or "beijing" in text or "cst" in text else None


def moment(value: Any, zone: timezone | None = None) -> Moment | None:
    """A cell as a time; without a zone of its own it is in ``zone``, or Beijing time. None when it is none."""
    default = zone or BEIJING
    if isinstance(value, datetime):
        aware = value if value.tzinfo is not None else value.replace(tzinfo=default)
        return Moment(aware.astimezone(UTC), value.tzinfo is not None or zone is not None, True)
    if isinstance(value, date):
        return Moment(datetime(value.year, value.month, value.day, tzinfo=default).astimezone(UTC), zone is not None, False)
    text = plain(value).translate(_CHINESE).strip()
    if len(text) < 8:
        return None
    found = _TIME.fullmatch(text) or _DIGITS.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second, written = found.groups()
    try:
        at = datetime(int(year), int(month), int(day), tzinfo=_zone(written) or default)
    except ValueError:
        return None
    h, m, s = int(hour or 0), int(minute or 0), int(second or 0)
    if not (h <= 24 and m < 60 and s < 60 and (h < 24 or m == s == 0) and 1900 <= at.year <= 2200):
        return None
    at += timedelta(hours=h, minutes=m, seconds=s)
    return Moment(at.astimezone(UTC), written is not None or zone is not None, hour is not None)


def _zone(text: str | None) -> timezone | None:
    if not text:
        return None
    if text in ("Z", "UTC"):
        return UTC
    digits = text[1:].replace(":", "")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-offset if text[0] == "-" else offset)


def amount(value: Any, step_h: int = 1) -> tuple[float, Flag]:
    """A cell as rain in mm with its flag; NaN where it says nothing that can be rain.

    Raises
    ------
    ValueError
        When it is no number and no known word.
    """
    if value is None:
        return float("nan"), Flag.MISSING
    if isinstance(value, bool):
        raise ValueError(value)  # noqa: TRY004 - it is what a cell says
    if isinstance(value, int | float):
        number = float(value)
        if number == 999990:
            return 0.0, Flag.TRACE
    else:
        text = plain(value).casefold().removesuffix("mm").removesuffix("毫米").strip()
        if text in _TRACE:
            return 0.0, Flag.TRACE
        if text in _MISSING:
            return float("nan"), Flag.MISSING
        number = float(text)  # "1e400" and "inf" pass and are caught below
    if number != number:  # noqa: PLR0124 - NaN differs from itself
        return float("nan"), Flag.MISSING
    if number in _SENTINELS:
        return float("nan"), Flag.SENTINEL
    if number < 0:
        return float("nan"), Flag.NEGATIVE
    if number > MOST_MM[step_h]:
        return float("nan"), Flag.IMPOSSIBLE
    return number, Flag.GOOD
