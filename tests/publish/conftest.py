"""Issues for the tests of products."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from types import SimpleNamespace

import msgspec
import numpy as np
import pyarrow as pa
import pytest
import shapely

from lydigital.model.crs import Crs
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.table import FeatureTable
from lydigital.model.warning import CountyLevel, Level, Note, TownshipLevel, WarningIssue, WarningZone
from lydigital.publish.calllist import Contact
from lydigital.publish.warningmap import Ground

BEIJING = timezone(timedelta(hours=8))


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2025, 7, day, hour, minute, tzinfo=BEIJING)


def wkb(*polygons) -> bytes:
    return shapely.to_wkb(shapely.MultiPolygon(list(polygons)), byte_order=1, flavor="iso")


RING = shapely.Polygon(shapely.box(111.4, 33.8, 111.8, 34.1).exterior, [shapely.box(111.5, 33.9, 111.6, 34.0).exterior])


def issue(**more) -> WarningIssue:
    """Issue 12 of 2025: three counties, four levels."""
    base = WarningIssue(
        id="YJ2025-0012", version=4, year=2025, number=12, purpose="actual", status="issued", title="洛阳市地质灾害气象风险预警",
        issuers=("洛阳市自然资源和规划局", "河南省第一地质矿产调查院有限公司"), valid_from=at(16, 20), valid_to=at(17, 20),
        townships=(
            TownshipLevel("410324103", "潭头镇", "410324", "栾川县", Level.ORANGE, 0.4, 3, (1, 2)),
            TownshipLevel("410324107", "石庙镇", "410324", "栾川县", Level.ORANGE, 0.2, 1, (3,)),
            TownshipLevel("410326100", "城关镇", "410326", "汝阳县", Level.YELLOW, 0.5, 2, (2,)),
            TownshipLevel("410326101", "上店镇", "410326", "汝阳县", Level.YELLOW, 0.5, 0, ()),
            TownshipLevel("410327001", "城关镇", "410327", "宜阳县", Level.YELLOW, 0.1, 1, (1,)),
            TownshipLevel("410308108", "横水镇", "410308", "孟津区", Level.BLUE, 0.1, 0, ()),
        ),
        counties=(
            CountyLevel("410324", "栾川县", Level.ORANGE, "局部", 2, hazards=(1, 2, 3)),
            CountyLevel("410326", "汝阳县", Level.YELLOW, "大部", 2, is_whole=True, hazards=(2,)),
            CountyLevel("410327", "宜阳县", Level.YELLOW, "局部", 1, hazards=(1,)),
            CountyLevel("410308", "孟津区", Level.BLUE, "局部", 1),
        ),
        zones=(
            WarningZone("YJ2025-0012-01", Level.ORANGE, wkb(RING), 900.0),
            WarningZone("YJ2025-0012-02", Level.YELLOW, wkb(shapely.box(112.2, 34.0, 112.5, 34.3)), 800.0, "hand", "会商"),
        ),
        advice=("加强巡查排查。", "坚持避险为要。"),
        notes=(Note("甲", "duty", at(16, 15), "", "draft"), Note("丙", "signatory", at(16, 17, 30), "", "issued")),
        prepared_by="甲", reviewed_by="乙", signed_by="丙", signatories=("丙",), issued_at=at(16, 17, 30), is_calibrated=True,
        run="R1", model="matrix_default",
    )  # fmt: skip
    return msgspec.structs.replace(base, **more)


HOSTILE = '<b>&"潭头"]]>=HYPERLINK("x")\x00\x0b🏔️' + "很长" * 200


def hostile() -> WarningIssue:
    """Names nobody should have."""
    first = issue()
    bad = tuple(msgspec.structs.replace(t, name="=1+1" if i else HOSTILE) for i, t in enumerate(first.townships))
    return msgspec.structs.replace(
        first, title=HOSTILE, townships=bad, issuers=("<甲&乙>",), advice=("\x08<script>alert(1)</script>",), basis="]]>"
    )


CODES = ["410324103", "410324107", "410326100", "410326101", "410327001", "410308108", "410999999"]


CONTACTS = (
    Contact("410324103", "潭头镇滑坡", 2, 31, "王小明", "13812345678"), Contact("410326100", "城关镇崩塌", 1, None, "李四", "0379-65432100"),
    Contact("410999999", "别处", 1, 3, "赵六", "13900000000"),
)  # fmt: skip


@pytest.fixture(scope="session")
def townships():
    shapes = np.array([shapely.box(111.4 + 0.2 * i, 33.8, 111.6 + 0.2 * i, 34.0 + 0.05 * i) for i in range(len(CODES))])
    table = FeatureTable(
        np.arange(len(CODES)), pa.table({"code": CODES}), GeometryArray.from_shapely(GeometryKind.POLYGON, shapes), Crs("EPSG:4490")
    )
    return table.to_crs(Crs("EPSG:4546"))


@pytest.fixture(scope="session")
def ground(townships):
    return Ground(Crs("EPSG:4546"), (), townships, is_sample=True)


@pytest.fixture
def given() -> SimpleNamespace:
    """Issues, and times of July 2025."""
    return SimpleNamespace(issue=issue, hostile=hostile, at=at, wkb=wkb, HOSTILE=HOSTILE, CONTACTS=CONTACTS)
