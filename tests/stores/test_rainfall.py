"""Rain from files as people keep them, and everything wrong with them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest

from lydigital.errors import BadDataError, StoreUnavailableError
from lydigital.model.crs import Crs
from lydigital.model.rainfall import BEIJING, Flag, RainSeries
from lydigital.stores import rain_words, rainfall
from lydigital.stores.rainfall import KnownGauges

if TYPE_CHECKING:
    from pathlib import Path

CRS = Crs("EPSG:4546")
KNOWN = KnownGauges(("YL1", "YL2"), ("白云山", "车村"), np.array([[560_000.0, 3_730_000.0], [603_000.0, 3_740_000.0]]), CRS)


def read(path: Path, text: str | bytes, name: str = "rain.csv", known: KnownGauges | None = KNOWN) -> RainSeries:
    file = path / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return rainfall.read_gauges(file, crs=CRS, known=known)


def codes(found: RainSeries) -> dict[str, int]:
    return {i.code.removeprefix("rain."): i.count for i in found.issues}


def test_long_in_chinese(tmp_path: Path):
    found = read(tmp_path, "站号,时间,雨量(mm)\nYL1,2025-07-15 21:00,1.5\nYL1,2025-07-15 22:00,2\nYL2,2025年7月15日21时,0\nYL2,2025/7/15 22:00,3.5\n")
    assert found.gauges == ("YL1", "YL2")
    assert found.names == ("白云山", "车村")
    assert found.rain_mm.tolist() == [[1.5, 2.0], [0.0, 3.5]]
    assert found.first == datetime(2025, 7, 15, 13, tzinfo=UTC)
    assert found.step_h == 1
    assert found.xy.tolist() == KNOWN.xy.tolist()
    assert codes(found) == {"beijing": 1, "joined": 2}


def test_long_in_english_with_zones_and_coordinates(tmp_path: Path):
    found = read(tmp_path, "station_id;lon;lat;time;rain_mm\nA;112.45;34.62;2025-07-15T13:00:00Z;1\nA;112.45;34.62;2025-07-15T22:00:00+08:00;2\n", known=None)
    assert found.rain_mm.tolist() == [[1.0, 2.0]]
    assert found.xy[0] == pytest.approx([632981.941, 3833392.921], abs=1e-2)
    assert codes(found) == {}


def test_hours_of_utc_named_in_the_heading(tmp_path: Path):
    found = read(tmp_path, "站名,时间(UTC),降水量\n车村,2025-07-15 13:00,4\n车村,2025-07-15 14:00,4\n")
    assert found.first == datetime(2025, 7, 15, 13, tzinfo=UTC)
    assert "beijing" not in codes(found)


def test_gbk_and_titles_above(tmp_path: Path):
    text = "洛阳市逐小时雨量表\n\n站名\t日期\t时\t小时雨量\n白云山\t2025-07-15\t23\t1\n白云山\t2025-07-15\t24\t2\n"
    found = read(tmp_path, text.encode("gb18030"))
    assert found.last == datetime(2025, 7, 16, 0, tzinfo=BEIJING)  # hour 24 is the next midnight
    assert found.rain_mm.tolist() == [[1.0, 2.0]]
    assert "encoding" in codes(found)


def test_a_title_without_the_separator(tmp_path: Path):
    found = read(tmp_path, "洛阳市 逐小时 雨量\r\n站号,时间,雨量(毫米)\r\nYL1,2025年07月15日21时,1\r\nYL1,2025年07月15日22时,2\r\n")
    assert found.rain_mm.tolist() == [[1.0, 2.0]]


def test_columns_parted_by_blanks(tmp_path: Path):
    found = read(tmp_path, "站号   时间             雨量\nYL1    2025071521       1.5\nYL1    2025071522       0\n")
    assert found.rain_mm.tolist() == [[1.5, 0.0]]


def test_utf16_of_excel(tmp_path: Path):
    found = read(tmp_path, "站号\t时间\t雨量\nYL1\t2025-07-15 21:00\t1\nYL1\t2025-07-15 22:00\t1\n".encode("utf-16"))
    assert found.rain_mm.shape == (1, 2)


def test_gauges_as_columns(tmp_path: Path):
    found = read(tmp_path, "时间,YL1,车村,合计\n2025-07-15 21:00,1,2,3\n2025-07-15 22:00,,4,4\n")
    assert found.gauges == ("YL1", "车村")
    assert found.rain_mm[1].tolist() == [2.0, 4.0]
    assert np.isnan(found.rain_mm[0, 1])
    assert found.flags[0, 1] == Flag.MISSING


def test_times_as_columns(tmp_path: Path):
    found = read(tmp_path, "站号,站名,2025-07-15 21:00,2025-07-15 22:00\nYL1,白云山,1,2\nYL2,车村,3,4\n")
    assert found.rain_mm.tolist() == [[1.0, 2.0], [3.0, 4.0]]


def test_days_as_rows_and_hours_as_columns(tmp_path: Path):
    hours = [*range(21, 25), *range(1, 21)]
    text = "站号,日期," + ",".join(map(str, hours)) + "\nYL1,2025-07-16," + ",".join(str(k) for k in range(24)) + "\n"
    found = read(tmp_path, text)
    assert found.first == datetime(2025, 7, 15, 21, tzinfo=BEIJING)
    assert found.rain_mm[0].tolist() == [float(k) for k in range(24)]
    plain = "站号,日期," + ",".join(map(str, range(1, 25))) + "\nYL1,2025-07-16," + ",".join(["1"] * 24) + "\n"
    assert read(tmp_path, plain).last == datetime(2025, 7, 17, 0, tzinfo=BEIJING)


def test_daily_rain_ends_at_twenty(tmp_path: Path):
    found = read(tmp_path, "站号,日期,日雨量\nYL1,2025-07-15,30\nYL1,2025-07-16,400\nYL1,2025-07-18,5\n")
    assert found.step_h == 24
    assert found.first == datetime(2025, 7, 15, 20, tzinfo=BEIJING)
    assert found.rain_mm[0, 1] == 400.0  # a day may have what an hour may not
    assert np.isnan(found.rain_mm[0, 2])
    assert codes(found)["days"] == 1
    assert codes(found)["missing"] == 1


def test_workbooks(tmp_path: Path):
    import openpyxl

    book = openpyxl.Workbook()
    page = book.active
    page.append(["逐小时雨量"])
    page.append(["站号", "时间", "雨量"])
    page.append(["YL1", datetime(2025, 7, 15, 21), 1.5])  # noqa: DTZ001 - as Excel keeps it
    page.append(["YL1", datetime(2025, 7, 15, 22), "微量"])  # noqa: DTZ001
    book.save(tmp_path / "rain.xlsx")
    found = rainfall.read_gauges(tmp_path / "rain.xlsx", crs=CRS, known=KNOWN)
    assert found.rain_mm.tolist() == [[1.5, 0.0]]
    assert found.flags.tolist() == [[0, int(Flag.TRACE)]]
    assert codes(found)["trace"] == 1
    with pytest.raises(BadDataError, match="no sheet"):
        rainfall.read_gauges(tmp_path / "rain.xlsx", crs=CRS, known=KNOWN, sheet="七月")
    (tmp_path / "broken.xlsx").write_bytes(b"PK nothing")
    with pytest.raises(BadDataError, match="workbook"):
        rainfall.read_gauges(tmp_path / "broken.xlsx", crs=CRS, known=KNOWN)


def test_bad_values_are_missing_counted_and_never_zero(tmp_path: Path):
    cells = ["-3", "9999", "-999", "缺测", "", "微量", "many", "300", "12", "１.５", "0.3mm"]
    rows = "".join(f"YL1,2025-07-15 {h:02d}:00,{v}\n" for h, v in enumerate(cells))
    found = read(tmp_path, "站号,时间,雨量\n" + rows)
    assert np.isnan(found.rain_mm[0, [0, 1, 2, 3, 4, 6, 7]]).all()
    assert found.rain_mm[0, [5, 8, 9, 10]].tolist() == [0.0, 12.0, 1.5, 0.3]
    flags = [Flag(int(f)) for f in found.flags[0]]
    assert flags[:8] == [Flag.NEGATIVE, Flag.SENTINEL, Flag.SENTINEL, Flag.MISSING, Flag.MISSING, Flag.TRACE, Flag.MISSING, Flag.IMPOSSIBLE]
    count = codes(found)
    assert (count["negative"], count["sentinel"], count["trace"], count["unreadable"], count["impossible"]) == (1, 2, 1, 1, 1)
    assert count["missing"] == 3


def test_a_missing_hour_is_a_gap(tmp_path: Path):
    found = read(tmp_path, "站号,时间,雨量\nYL1,2025-07-15 01:00,1\nYL1,2025-07-15 02:00,1\nYL1,2025-07-15 04:00,1\n")
    assert found.rain_mm.shape == (1, 4)
    assert np.isnan(found.rain_mm[0, 2])
    assert codes(found)["missing"] == 1


def test_duplicates(tmp_path: Path):
    found = read(tmp_path, "站号,时间,雨量\nYL1,2025-07-15 01:00,1\nYL1,2025-07-15 01:00,1\nYL1,2025-07-15 02:00,2\nYL1,2025-07-15 02:00,5\nYL1,2025-07-15 03:00,7\nYL1,2025-07-15 03:00,9999\n")
    assert found.rain_mm.tolist() == [[1.0, 5.0, 7.0]]
    assert found.flags[0, 1] == Flag.DUPLICATE
    count = codes(found)
    assert (count["duplicate"], count["conflicting"]) == (1, 2)


def test_gauges_without_a_place(tmp_path: Path):
    text = "站号,时间,雨量\nYL1,2025-07-15 01:00,1\nYL1,2025-07-15 02:00,1\nX9,2025-07-15 01:00,1\n"
    found = read(tmp_path, text)
    assert found.gauges == ("YL1",)
    assert codes(found)["no_place"] == 1
    with pytest.raises(BadDataError, match="No gauge"):
        read(tmp_path, text, known=None)


def test_swapped_and_far_coordinates(tmp_path: Path):
    rows = "A,34.6,112.4,2025-07-15 01:00,1\nA,34.6,112.4,2025-07-15 02:00,1\nB,121.5,31.2,2025-07-15 01:00,1\nYL1,0,0,2025-07-15 01:00,1\n"
    found = read(tmp_path, "站号,经度,纬度,时间,雨量\n" + rows)
    assert found.gauges == ("A", "YL1")
    count = codes(found)
    assert (count["swapped"], count["far"], count["no_place"], count["joined"]) == (1, 2, 1, 1)


def test_numbers_of_gauges_from_excel():
    assert rain_words.role_of("区站号") == "code"
    assert rain_words.role_of("Rain (mm)") == "rain"
    assert rain_words.role_of("降水量/mm") in ("rain", None)
    assert rain_words.role_of("备注") == "other"
    assert rain_words.role_of("20-20时降水量") == "rain"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        ("a,b\n1,2\n", "no row of headings"),
        ("站号,高程\nYL1,3\n", "no table of rain"),
        ("站号,时间,雨量\n", "no row of headings"),
        ("站号,时间,雨量\nYL1,someday,3\n", "no rain in it"),
        ("站号,时间,雨量\nYL1,2025-07-15 01:00,1\nYL1,2025-07-15 01:10,1\nYL1,2025-07-15 01:20,1\n", "every 10 minutes"),
        ("站号,时间,雨量\nYL1,2025-07-15 01:00,1\nYL1,2025-07-15 02:00,1\nYL1,2052-07-15 02:00,1\n", "one of its times"),
    ],
)
def test_refused_files(tmp_path: Path, text: str, message: str):
    with pytest.raises(BadDataError, match=message) as caught:
        read(tmp_path, text)
    assert caught.value.hint


def test_no_text_and_no_file(tmp_path: Path):
    with pytest.raises(BadDataError, match="no text"):
        read(tmp_path, b"\x00\x01\x02" * 20)
    with pytest.raises(StoreUnavailableError):
        rainfall.read_gauges(tmp_path / "none.csv", crs=CRS)


def test_values_off_the_hour_are_left_out(tmp_path: Path):
    text = "站号,时间,雨量\n" + "".join(f"YL1,2025-07-15 {h:02d}:00,1\n" for h in range(6)) + "YL1,2025-07-15 03:30,9\nYL1,2025-07-15 05:02,1\n"
    found = read(tmp_path, text)
    assert np.nansum(found.rain_mm) == 6.0
    assert codes(found)["off_hour"] == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-07-15 20:00", (2025, 7, 15, 12)), ("2025/7/15 8时", (2025, 7, 15, 0)), ("2025071520", (2025, 7, 15, 12)),
        ("20250715200000", (2025, 7, 15, 12)), ("2025-07-15T20:00Z", (2025, 7, 15, 20)), ("2025-07-15 24:00", (2025, 7, 15, 16)),
        ("2025年07月15日20时00分", (2025, 7, 15, 12)), ("2025.7.15", (2025, 7, 14, 16)),
    ],
)  # fmt: skip
def test_times(text: str, expected: tuple[int, ...]):
    found = rain_words.moment(text)
    assert found is not None
    assert found.at == datetime(*expected, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "2025", "20251301", "2025-02-30", "2025-07-15 25:00", "112.45,34.62", "YL0001"])
def test_no_times(text: str):
    assert rain_words.moment(text) is None


def test_grids(tmp_path: Path):
    import rasterio
    from affine import Affine

    path = tmp_path / "forecast.tif"
    values = np.array([[1.0, -5.0], [40.0, 9999.0]], np.float32)
    with rasterio.open(path, "w", driver="GTiff", width=2, height=2, count=1, dtype="float32", crs="EPSG:4490",
                       transform=Affine(1, 0, 111, 0, -1, 35)) as out:  # fmt: skip
        out.write(values, 1)
    grid, issues = rainfall.read_grid(path)
    assert grid.values[0, 0] == 1.0
    assert grid.values[1, 0] == 40.0
    assert np.isnan(grid.values[:, 1]).all()
    assert {i.code: i.count for i in issues} == {"rain.negative": 1, "rain.sentinel": 1}
    with pytest.raises(BadDataError, match="no band 2"):
        rainfall.read_grid(path, band=2)


@pytest.mark.parametrize(("driver", "name"), [("netCDF", "radar.nc"), ("GRIB", "forecast.grb2")])
def test_grids_of_weather_services(tmp_path: Path, driver: str, name: str):
    import rasterio
    import rasterio.shutil
    from affine import Affine

    with rasterio.open(tmp_path / "a.tif", "w", driver="GTiff", width=3, height=2, count=1, dtype="float32", crs="EPSG:4326",
                       transform=Affine(0.5, 0, 111, 0, -0.5, 35)) as out:  # fmt: skip
        out.write(np.arange(6, dtype=np.float32).reshape(2, 3), 1)
    rasterio.shutil.copy(str(tmp_path / "a.tif"), str(tmp_path / name), driver=driver)
    grid, _ = rainfall.read_grid(tmp_path / name, crs="EPSG:4326")
    assert grid.values == pytest.approx(np.arange(6).reshape(2, 3), abs=0.01)
    assert grid.origin == pytest.approx((111.0, 35.0))
