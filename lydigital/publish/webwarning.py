"""A warning for browsers and other maps: GeoJSON (RFC 7946), and one HTML file that needs no network."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import TYPE_CHECKING, Any

from lydigital.domain.validity import BEIJING
from lydigital.errors import BadDataError
from lydigital.model.crs import CGCS2000, Crs
from lydigital.publish.areas import shape_of
from lydigital.publish.bulletin import INK_ON, RGB

if TYPE_CHECKING:
    from collections.abc import Mapping

    import shapely

    from lydigital.model.table import FeatureTable
    from lydigital.publish.bulletin import Bulletin

_TOLERANCE_DEG = 0.0005
_DIGITS = 5


def shapes_of(townships: FeatureTable | None, bulletin: Bulletin) -> dict[str, shapely.Geometry]:
    """Areas of the townships of an issue by code, in degrees, with few points."""
    import shapely

    if townships is None:
        return {}
    own = {t.code for t in bulletin.issue.townships}
    table = townships.to_crs(Crs(CGCS2000))
    codes = [str(c) for c in table.column("code").to_pylist()]
    rows = [i for i, code in enumerate(codes) if code in own]
    import numpy as np

    if not rows:
        return {}
    found = shapely.make_valid(table.geometry.to_shapely(np.array(rows)))
    slim = shapely.set_precision(shapely.simplify(found, _TOLERANCE_DEG), 10.0**-_DIGITS)
    return {codes[i]: s if not s.is_empty else f for i, s, f in zip(rows, slim, found, strict=True)}


def geojson(bulletin: Bulletin, shapes: Mapping[str, shapely.Geometry]) -> dict[str, Any]:
    """Zones and townships as a feature collection; a township of unknown area has no geometry.

    Raises
    ------
    BadDataError
        When a zone is broken.
    """
    issue, words = bulletin.issue, bulletin.wording
    features: list[dict[str, Any]] = []
    for zone in issue.zones:
        level = words.levels[int(zone.level)]
        features.append({
            "type": "Feature", "id": zone.code, "geometry": _geometry(shape_of(zone)),
            "properties": {"kind": "zone", "code": zone.code, "level": int(zone.level), "colour": level.colour,
                           "area_km2": zone.area_km2, "source": zone.source},
        })  # fmt: skip
    for part in bulletin.levels:
        for county in part.counties:
            for t in county.townships:
                shape = shapes.get(t.code)
                features.append({
                    "type": "Feature", "id": t.code, "geometry": None if shape is None else _geometry(shape),
                    "properties": {"kind": "township", "code": t.code, "name": t.name, "county_code": county.code,
                                   "county": county.name, "level": int(t.level), "colour": part.colour, "hazard_points": t.points},
                })  # fmt: skip
    return {
        "type": "FeatureCollection", "features": features,
        "warning": {
            "id": issue.id, "version": issue.version, "number": issue.number, "year": issue.year, "title": bulletin.title,
            "issuers": list(issue.issuers), "status": issue.status, "purpose": issue.purpose, "stamps": list(bulletin.stamps),
            "valid_from": issue.valid_from.astimezone(BEIJING).isoformat(), "valid_to": issue.valid_to.astimezone(BEIJING).isoformat(),
            "issued_at": None if issue.issued_at is None else issue.issued_at.astimezone(BEIJING).isoformat(), "digest": bulletin.digest,
        },
    }  # fmt: skip


def _geometry(shape: shapely.Geometry) -> dict[str, Any]:
    """Outer rings anticlockwise, seven digits at most."""
    import shapely

    polygons = [p for p in shapely.get_parts(shape).tolist() if p.geom_type == "Polygon" and not p.is_empty]

    def ring(coords: Any) -> list[list[float]]:
        return [[round(x, 7), round(y, 7)] for x, y in coords]

    turned = [shapely.geometry.polygon.orient(p, 1.0) for p in polygons]
    return {"type": "MultiPolygon", "coordinates": [[ring(p.exterior.coords), *(ring(i.coords) for i in p.interiors)] for p in turned]}


@dataclass(frozen=True)
class Read:
    """What a GeoJSON file says: level by township, validity, number of zones."""

    townships: dict[str, int]
    valid_from: datetime
    valid_to: datetime
    zones: int


def read(octets: bytes) -> Read:
    """A GeoJSON file read back.

    Raises
    ------
    BadDataError
        When it is none that :func:`geojson` made.
    """
    try:
        found = json.loads(octets)
        own = [f["properties"] for f in found["features"]]
        about = found["warning"]
        return Read(
            {p["code"]: int(p["level"]) for p in own if p["kind"] == "township"}, datetime.fromisoformat(about["valid_from"]),
            datetime.fromisoformat(about["valid_to"]), sum(p["kind"] == "zone" for p in own),
        )  # fmt: skip
    except (ValueError, KeyError, TypeError) as error:
        raise BadDataError("This is no GeoJSON of a warning: {reason}", hint="Make it again.", reason=str(error)) from error


# --- one page -------------------------------------------------------------------------------------------------------

_CSS = """
:root{color-scheme:light;--ink:#22262b;--grey:#6b7280;--line:#dfe3e8}
*{box-sizing:border-box}body{margin:0;font:16px/1.65 "Noto Sans CJK SC","Microsoft YaHei","PingFang SC",sans-serif;color:var(--ink);background:#f3f4f6}
header{padding:22px max(16px,calc(50vw - 560px));background:var(--level);color:var(--on);border-bottom:5px solid rgba(0,0,0,.25)}
header h1{margin:0;font-size:clamp(22px,4.4vw,36px);line-height:1.25}header p{margin:4px 0 0}
.stamps{background:#2b2f36;color:#ffd9d3;text-align:center;font-weight:700;padding:6px}
main{max-width:1120px;margin:0 auto;padding:16px;display:grid;gap:16px;grid-template-columns:minmax(0,3fr) minmax(0,2fr)}
section{background:#fff;border:1px solid var(--line);border-radius:10px;padding:16px;overflow:hidden}.wide{grid-column:1/-1}
h2{font-size:18px;margin:0 0 8px}svg,img{width:100%;height:auto;display:block}
svg path{stroke:#fff;stroke-width:1;vector-effect:non-scaling-stroke}svg path:hover,svg path.on{stroke:#22262b;stroke-width:2.5}
svg path.zone{fill:none;stroke:#22262b;stroke-width:2;stroke-dasharray:7 4;pointer-events:none}
.chip{display:inline-block;padding:0 .6em;border-radius:4px;font-weight:700}
table{border-collapse:collapse;width:100%;font-size:14px}td,th{border-bottom:1px solid var(--line);padding:4px 8px;text-align:left}
tr.on td{background:#fff3c4}input{width:100%;padding:8px 10px;font:inherit;border:1px solid var(--line);border-radius:6px;margin-bottom:8px}
.part{font-weight:700;margin:.8em 0 .2em}.text p{margin:.2em 0}.signoff{text-align:right}.slogans{font-weight:700;color:#b3261e;text-align:center}
footer{max-width:1120px;margin:0 auto;padding:4px 16px 30px;color:var(--grey);font-size:13px}
@media(max-width:760px){main{grid-template-columns:minmax(0,1fr)}}
@media print{body{background:#fff}input{display:none}section{break-inside:avoid}}
"""
_SCRIPT = """
const q=document.getElementById('q'),rows=[...document.querySelectorAll('tbody tr')];
q.addEventListener('input',()=>{const t=q.value.trim();rows.forEach(r=>r.hidden=!!t&&!r.textContent.includes(t))});
const mark=c=>document.querySelectorAll('[data-code]').forEach(e=>e.classList.toggle('on',e.dataset.code===c));
document.querySelectorAll('[data-code]').forEach(e=>e.addEventListener('mouseenter',()=>mark(e.dataset.code)));
"""


def page(bulletin: Bulletin, shapes: Mapping[str, shapely.Geometry], picture: bytes = b"", *, notice: str = "") -> str:
    """The warning as one HTML file: text, map, list to search; scripts and pictures are inside.

    Parameters
    ----------
    picture
        PNG of the map; without it areas alone are drawn.
    notice
        Printed at the foot: map review, sample data.
    """
    top = bulletin.levels[0].level
    words = bulletin.wording
    texts = "".join(
        f'<p class="{kind}">{escape(text)}</p>' for kind, text in bulletin.paragraphs
        if kind not in ("stamp", "title", "dateline", "issuers")
    )  # fmt: skip
    rows = "".join(
        f'<tr data-code="{escape(t.code)}"><td>{escape(c.name)}</td><td>{escape(t.name)}</td><td>{_chip(p.level, f"{p.colour} {p.numeral}")}</td>'
        f"<td>{t.points}</td></tr>"
        for p in bulletin.levels for c in p.counties for t in c.townships
    )  # fmt: skip
    stamps = f'<div class="stamps">{escape("　·　".join(bulletin.stamps))}</div>' if bulletin.stamps else ""
    shown = _svg(bulletin, shapes)
    image = f'<section class="wide"><h2>预警图</h2><img alt="{escape(bulletin.headline)}" src="data:image/png;base64,{base64.b64encode(picture).decode()}"></section>' if picture else ""
    grid = f"<section><h2>预警乡镇</h2>{shown}</section>" if shown else ""
    return (
        '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'\">"
        f"<title>{escape(bulletin.title)}</title><style>{_CSS}</style></head>"
        f'<body style="--level:{RGB[top]};--on:{INK_ON[top]}"><header><h1>{escape(bulletin.title)}</h1>'
        f"<p><b>{escape(bulletin.period)}</b></p><p>{escape(bulletin.dateline)}　{escape(bulletin.issuers)}</p></header>{stamps}"
        f'<main><section class="text{"" if shown else " wide"}">{texts}</section>{grid}{image}'
        f'<section class="wide"><h2>乡镇（街道）一览</h2><input id="q" placeholder="查找乡镇、区县" aria-label="查找乡镇、区县">'
        f"<table><thead><tr><th>区县</th><th>乡镇（街道）</th><th>等级</th><th>隐患点（处）</th></tr></thead><tbody>{rows}</tbody></table></section>"
        f'<section class="wide slogans">{escape("　".join(words.lines.slogans))}</section></main>'
        f"<footer>{escape(notice)}<br>{escape(bulletin.issue.id)} 第{bulletin.issue.version}版　SHA-256 {bulletin.digest}</footer>"
        f"<script>{_SCRIPT}</script></body></html>\n"
    )


def _chip(level: Any, text: str) -> str:
    return f'<span class="chip" style="background:{RGB[level]};color:{INK_ON[level]}">{escape(text)}</span>'


def _svg(bulletin: Bulletin, shapes: Mapping[str, shapely.Geometry]) -> str:
    """Townships by level with their names on hover, zones as dashed lines; degrees, narrowed by the cosine of latitude."""
    import math

    import shapely

    zones = [shape_of(z) for z in bulletin.issue.zones]
    every = [*shapes.values(), *zones]
    if not every:
        return ""
    west, south, east, north = shapely.total_bounds(every).tolist()
    narrow = math.cos(math.radians((south + north) / 2))
    size = 1000 / max((east - west) * narrow, north - south, 1e-9)

    def path(shape: shapely.Geometry) -> str:
        polygons = [p for p in shapely.get_parts(shape).tolist() if p.geom_type == "Polygon"]
        rings = [ring for p in polygons for ring in (p.exterior, *p.interiors)]
        return "".join(
            "M" + "L".join(f"{(x - west) * narrow * size:.1f} {(north - y) * size:.1f}" for x, y in ring.coords) + "Z" for ring in rings
        )

    parts = []
    for p in bulletin.levels:
        for c in p.counties:
            parts += [
                f'<path data-code="{escape(t.code)}" fill="{RGB[p.level]}" fill-rule="evenodd" d="{path(shapes[t.code])}">'
                f"<title>{escape(f'{c.name} {t.name} {p.colour} {p.numeral}')}</title></path>"
                for t in c.townships if t.code in shapes
            ]  # fmt: skip
    parts += [f'<path class="zone" d="{path(shapely.simplify(z, _TOLERANCE_DEG))}"/>' for z in zones]
    return (
        f'<svg viewBox="-10 -10 {(east - west) * narrow * size + 20:.0f} {(north - south) * size + 20:.0f}" role="img" '
        f'aria-label="{escape(bulletin.headline)}">{"".join(parts)}</svg>'
    )
