"""Fields of the layers the base of the sample city fills.

``FIELDS[layer] = (geometry, 中文, English, fields)``; a field is
``(name, type, 中文, English, unit, domain)`` with ``domain`` a dict of stored value to (中文, English).
"""

NATURE = {
    "真实": ("真实资料", "Real"),
    "示例数据": ("示例数据", "Sample data"),
    "推算": ("推算", "Estimated"),
}
UNIT_KIND = {
    "区": ("区", "District"),
    "县": ("县", "County"),
    "街道": ("街道", "Subdistrict"),
    "镇": ("镇", "Town"),
    "乡": ("乡", "Township"),
    "林场": ("林场", "Forest farm"),
    "园区": ("园区、示范区", "Park or zone"),
}
VILLAGE_KIND = {"村": ("行政村", "Village"), "居": ("社区、居委会", "Community"), "其他": ("其他", "Other")}
SETTLEMENT_KIND = {
    "主城": ("主城区", "Main city"),
    "县城": ("县城", "County town"),
    "镇区": ("镇区", "Town"),
    "村庄": ("村庄", "Village"),
}
PLACE_LEVEL = {
    "市": ("地级市驻地", "City seat"),
    "县": ("区县驻地", "County seat"),
    "乡": ("乡镇街道驻地", "Township seat"),
}
RIVER_CLASS = {
    "1": ("干流大河", "Major river"),
    "2": ("主要支流", "Main tributary"),
    "3": ("小河", "Small river"),
    "4": ("溪沟", "Stream"),
}
ROAD_CLASS = {
    "420900": ("高速公路", "Expressway"),
    "420101": ("国道", "National highway"),
    "420201": ("省道", "Provincial highway"),
    "420301": ("县道", "County road"),
    "420400": ("乡道", "Township road"),
    "420800": ("村道", "Village road"),
    "430200": ("快速路", "Urban expressway"),
    "430501": ("主干道", "Arterial street"),
    "430502": ("次干道", "Collector street"),
    "430503": ("支路", "Local street"),
}
SURFACE = {"沥青": ("沥青", "Asphalt"), "水泥": ("水泥", "Concrete"), "砂石": ("砂石", "Gravel")}
RAIL_CLASS = {"高速": ("高速铁路", "High-speed"), "普速": ("普速铁路", "Conventional")}
STATION_KIND = {
    "高铁站": ("高铁站", "High-speed station"),
    "火车站": ("火车站", "Railway station"),
    "地铁站": ("地铁站", "Metro station"),
    "机场": ("机场", "Airport"),
    "客运站": ("客运站", "Coach station"),
}
SITE_KIND = {
    "世界遗产": ("世界遗产", "World heritage"),
    "遗址": ("遗址", "Archaeological site"),
    "寺庙": ("寺庙", "Temple"),
    "陵墓": ("陵墓", "Tomb"),
    "博物馆": ("博物馆", "Museum"),
    "城门": ("城门", "City gate"),
}
SCENIC_KIND = {
    "山岳": ("山岳", "Mountain"),
    "溶洞": ("溶洞", "Cave"),
    "峡谷": ("峡谷", "Gorge"),
    "水域": ("水域", "Water"),
    "公园": ("公园", "Park"),
}
BUILDING_KIND = {
    "住宅": ("住宅", "Residential"),
    "商业": ("商业", "Commercial"),
    "办公": ("办公", "Office"),
    "工业": ("工业", "Industrial"),
    "公共": ("公共", "Public"),
}
FARM_KIND = {
    "水浇地": ("水浇地", "Irrigated land"),
    "旱地": ("旱地", "Dry land"),
    "梯田": ("梯田", "Terraces"),
}
FOREST_KIND = {"乔木林": ("乔木林", "Forest"), "灌木林": ("灌木林", "Shrub")}
GREEN_KIND = {"公园": ("公园", "Park"), "滨河绿地": ("滨河绿地", "Riverside green")}

_NATURE = ("nature", "text", "数据性质", "Data nature", "", NATURE)
_GB = ("gb", "text", "要素代码", "Feature code", "", {})
_NAME = ("name", "text", "名称", "Name", "", {})
_CODE = ("code", "text", "代码", "Code", "", {})
_COUNTY = ("county_code", "text", "区县代码", "County code", "", {})
_TOWNSHIP = ("township_code", "text", "乡镇代码", "Township code", "", {})
_AREA = ("area_km2", "real", "面积", "Area", "km²", {})
_PEOPLE = ("population", "integer", "常住人口", "Population", "人", {})
_HOUSES = ("households", "integer", "户数", "Households", "户", {})

FIELDS = {
    "surroundings": (
        "polygon",
        "市域外淡化",
        "Land around the city, faded",
        [("step", "integer", "淡化级", "Step", "", {}), _NATURE],
    ),
    "county": (
        "polygon",
        "区县",
        "Counties",
        [
            _CODE,
            _NAME,
            ("kind", "text", "类别", "Kind", "", UNIT_KIND),
            _AREA,
            _PEOPLE,
            ("population_source", "text", "人口来源", "Population source", "", {}),
            _HOUSES,
            ("townships", "integer", "乡镇街道数", "Townships", "个", {}),
            ("villages", "integer", "村(社区)数", "Villages", "个", {}),
            _NATURE,
        ],
    ),
    "township": (
        "polygon",
        "乡镇街道",
        "Townships",
        [
            _CODE,
            _NAME,
            ("alias", "text", "别名", "Alias", "", {}),
            ("kind", "text", "类别", "Kind", "", UNIT_KIND),
            _COUNTY,
            ("county", "text", "所属区县", "County", "", {}),
            _AREA,
            _PEOPLE,
            _HOUSES,
            ("villages", "integer", "村(社区)数", "Villages", "个", {}),
            _NATURE,
        ],
    ),
    "community": (
        "polygon",
        "村(社区)界",
        "Village areas",
        [
            _CODE,
            _NAME,
            ("kind", "text", "类别", "Kind", "", VILLAGE_KIND),
            _TOWNSHIP,
            _COUNTY,
            _AREA,
            _PEOPLE,
            _HOUSES,
            _NATURE,
        ],
    ),
    "village": (
        "point",
        "村(社区)",
        "Villages",
        [
            _CODE,
            _NAME,
            ("kind", "text", "类别", "Kind", "", VILLAGE_KIND),
            _TOWNSHIP,
            ("township", "text", "所属乡镇", "Township", "", {}),
            _COUNTY,
            _PEOPLE,
            _HOUSES,
            ("elevation_m", "integer", "高程", "Elevation", "m", {}),
            _NATURE,
        ],
    ),
    "place": (
        "point",
        "驻地",
        "Seats",
        [_CODE, _NAME, ("level", "text", "级别", "Level", "", PLACE_LEVEL), _PEOPLE, _NATURE],
    ),
    "settlement": (
        "polygon",
        "居民地",
        "Built-up areas",
        [
            _NAME,
            ("kind", "text", "类别", "Kind", "", SETTLEMENT_KIND),
            _GB,
            _COUNTY,
            ("area_ha", "real", "面积", "Area", "ha", {}),
            _NATURE,
        ],
    ),
    "river": (
        "line",
        "河流",
        "Rivers",
        [
            _NAME,
            ("class", "text", "等级", "Class", "", RIVER_CLASS),
            ("basin", "text", "流域", "Basin", "", {}),
            _GB,
            ("strahler", "integer", "斯特拉勒级", "Strahler order", "", {}),
            ("width_m", "real", "河宽", "Width", "m", {}),
            ("length_km", "real", "长度", "Length", "km", {}),
            _NATURE,
        ],
    ),
    "stream": (
        "line",
        "溪沟",
        "Streams",
        [("strahler", "integer", "斯特拉勒级", "Strahler order", "", {}), _GB, _NATURE],
    ),
    "river_area": ("polygon", "河面", "River areas", [_NAME, _GB, _NATURE]),
    "reservoir": (
        "polygon",
        "水库",
        "Reservoirs",
        [
            _NAME,
            _GB,
            ("capacity_m3", "real", "总库容", "Capacity", "亿m³", {}),
            ("level_m", "real", "示例水位", "Water level", "m", {}),
            ("river", "text", "所在河流", "River", "", {}),
            _AREA,
            _NATURE,
        ],
    ),
    "dam": ("point", "大坝", "Dams", [_NAME, ("river", "text", "所在河流", "River", "", {}), _NATURE]),
    "road": (
        "line",
        "公路",
        "Roads",
        [
            _NAME,
            ("ref", "text", "编号", "Number", "", {}),
            ("class", "text", "等级代码", "Class", "", ROAD_CLASS),
            ("lanes", "integer", "车道数", "Lanes", "", {}),
            ("surface", "text", "路面", "Surface", "", SURFACE),
            ("oneway", "boolean", "单行", "One-way", "", {}),
            ("level", "integer", "层级", "Level", "", {}),
            ("length_m", "real", "长度", "Length", "m", {}),
            _NATURE,
        ],
    ),
    "street": (
        "line",
        "城市道路",
        "Streets",
        [
            _NAME,
            ("class", "text", "等级代码", "Class", "", ROAD_CLASS),
            ("lanes", "integer", "车道数", "Lanes", "", {}),
            ("surface", "text", "路面", "Surface", "", SURFACE),
            ("oneway", "boolean", "单行", "One-way", "", {}),
            ("level", "integer", "层级", "Level", "", {}),
            ("length_m", "real", "长度", "Length", "m", {}),
            _NATURE,
        ],
    ),
    "railway": (
        "line",
        "铁路",
        "Railways",
        [_NAME, ("class", "text", "类别", "Class", "", RAIL_CLASS), _GB, _NATURE],
    ),
    "metro": ("line", "地铁", "Metro", [_NAME, ("line", "integer", "线路", "Line", "", {}), _GB, _NATURE]),
    "station": (
        "point",
        "车站机场",
        "Stations",
        [
            _NAME,
            ("kind", "text", "类别", "Kind", "", STATION_KIND),
            ("line", "text", "线路", "Line", "", {}),
            _NATURE,
        ],
    ),
    "farmland": (
        "polygon",
        "耕地",
        "Farmland",
        [
            ("kind", "text", "类型", "Kind", "", FARM_KIND),
            ("protected", "boolean", "永久基本农田", "Permanent basic farmland", "", {}),
            ("grade", "integer", "质量等别", "Grade", "", {}),
            _COUNTY,
            _TOWNSHIP,
            ("area_ha", "real", "面积", "Area", "ha", {}),
            _NATURE,
        ],
    ),
    "forest": (
        "polygon",
        "林地",
        "Forest",
        [
            ("kind", "text", "类型", "Kind", "", FOREST_KIND),
            _COUNTY,
            ("area_ha", "real", "面积", "Area", "ha", {}),
            _NATURE,
        ],
    ),
    "green": (
        "polygon",
        "城市绿地",
        "Urban green",
        [
            _NAME,
            ("kind", "text", "类型", "Kind", "", GREEN_KIND),
            ("area_ha", "real", "面积", "Area", "ha", {}),
            _NATURE,
        ],
    ),
    "building": (
        "polygon",
        "建筑物",
        "Buildings",
        [
            ("kind", "text", "用途", "Use", "", BUILDING_KIND),
            ("floors", "integer", "层数", "Floors", "层", {}),
            _COUNTY,
            _NATURE,
        ],
    ),
    "heritage": (
        "point",
        "文物古迹",
        "Heritage",
        [
            _NAME,
            ("name_en", "text", "英文名", "English name", "", {}),
            ("kind", "text", "类别", "Kind", "", SITE_KIND),
            ("accuracy", "text", "位置精度", "Position accuracy", "", {}),
            _NATURE,
        ],
    ),
    "scenic": (
        "point",
        "景区",
        "Scenic sites",
        [
            _NAME,
            ("name_en", "text", "英文名", "English name", "", {}),
            ("kind", "text", "类别", "Kind", "", SCENIC_KIND),
            ("accuracy", "text", "位置精度", "Position accuracy", "", {}),
            _NATURE,
        ],
    ),
    "scenic_area": (
        "polygon",
        "景区范围",
        "Scenic areas",
        [_NAME, ("area_ha", "real", "面积", "Area", "ha", {}), _NATURE],
    ),
    "peak": (
        "point",
        "山峰高程点",
        "Peaks",
        [_NAME, ("elevation_m", "integer", "高程", "Elevation", "m", {}), _NATURE],
    ),
}
