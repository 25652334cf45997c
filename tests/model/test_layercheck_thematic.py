"""The catalogue's check knows thematic symbols."""

from lydigital.model.layercheck import check
from lydigital.model.layerdef import Catalogue, FieldDef, GroupDef, LayerDef
from lydigital.model.style import AREA, ChartSymbolizer, DotSymbolizer, HeatSymbolizer, Rule, Share, Style


def faults(geometry, symbolizer, **style):
    made = Style((Rule((symbolizer,)),), **style)
    layer = LayerDef("layer", "层", "group", geometry, made, fields=(FieldDef("a", "甲", type="real"),))
    return {issue.code for issue in check(Catalogue((layer,), (GroupDef("group", "组"),)))}


def test_fields_colours_and_kinds_of_layer():
    assert not faults("polygon", DotSymbolizer((Share("a", "#112233"),), 5.0), field="a", divide_by=AREA)
    assert faults("polygon", DotSymbolizer((Share("b", "#112233"),), 5.0)) == {"field.unknown"}
    assert faults("polygon", ChartSymbolizer((Share("a", "red"),))) == {"style.color"}
    assert faults("point", DotSymbolizer((Share("a", "#112233"),), 5.0)) == {"rule.symbolizer"}
    assert faults("point", HeatSymbolizer(("#ffffff", "#00"), weight_field="z")) == {"style.color", "field.unknown"}
    assert faults("point", HeatSymbolizer(("#ffffff",)), divide_by="z") == {"field.unknown"}
