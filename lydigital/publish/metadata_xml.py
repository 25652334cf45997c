"""Metadata of a layer as XML of ISO 19139 (the encoding of ISO 19115 that GeoNetwork, ArcGIS and GDAL read).

Elements stand in the order of the schema (gmd.xsd, version 2007); what is not known carries ``gco:nilReason``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from lydigital.model.metadata import Metadata

GMD, GCO = "http://www.isotc211.org/2005/gmd", "http://www.isotc211.org/2005/gco"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
SCHEMA = f"{GMD} http://schemas.opengis.net/iso/19139/20070417/gmd/gmd.xsd"
CODES = "http://standards.iso.org/iso/19139/resources/gmxCodelists.xml"
_LANGUAGES = "http://www.loc.gov/standards/iso639-2/"
STANDARD = "ISO 19115:2003/19139"


def content(found: Metadata, made: str) -> bytes:
    """The record as UTF-8 XML; ``made`` is the day of the record in ISO 8601."""
    for prefix, uri in (("gmd", GMD), ("gco", GCO), ("xsi", XSI)):
        ET.register_namespace(prefix, uri)
    root = ET.Element(f"{{{GMD}}}MD_Metadata", {f"{{{XSI}}}schemaLocation": SCHEMA})
    _text(root, "fileIdentifier", f"lydigital-{found.id}")
    _language(root)
    _code(root, "characterSet", "MD_CharacterSetCode", "utf8")
    _code(root, "hierarchyLevel", "MD_ScopeCode", "dataset")
    _party(root, "contact", found.department, "pointOfContact")
    ET.SubElement(_gmd(root, "dateStamp"), f"{{{GCO}}}Date").text = made
    _text(root, "metadataStandardName", STANDARD)
    _text(root, "metadataStandardVersion", "1.0")
    _spatial(root, found)
    if found.crs:
        identifier = _gmd(_gmd(_gmd(root, "referenceSystemInfo"), "MD_ReferenceSystem"), "referenceSystemIdentifier")
        one = _gmd(identifier, "RS_Identifier")
        authority, _, number = found.crs.partition(":")
        _text(one, "code", number if number.isdigit() else found.crs_name)
        if number.isdigit():
            _text(one, "codeSpace", authority)
    _identification(root, found)
    _quality(root, found)
    ET.indent(root)
    text: str = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'.encode()


# --- sections ---------------------------------------------------------------------------------------------------------


def _spatial(root: ET.Element, found: Metadata) -> None:
    if found.grid is not None:
        rows, columns, cell = found.grid
        grid = _gmd(_gmd(root, "spatialRepresentationInfo"), "MD_GridSpatialRepresentation")
        _gco(grid, "numberOfDimensions", "Integer", "2")
        for name, size in (("row", rows), ("column", columns)):
            dimension = _gmd(_gmd(grid, "axisDimensionProperties"), "MD_Dimension")
            _code(dimension, "dimensionName", "MD_DimensionNameTypeCode", name)
            _gco(dimension, "dimensionSize", "Integer", str(size))
            measure = ET.SubElement(_gmd(dimension, "resolution"), f"{{{GCO}}}Length", {"uom": "m"})
            measure.text = f"{cell:g}"
        _code(grid, "cellGeometry", "MD_CellGeometryCode", "area")
        _gco(grid, "transformationParameterAvailability", "Boolean", "false")
    elif found.representation == "vector" and found.count is not None:
        objects = _gmd(_gmd(_gmd(_gmd(root, "spatialRepresentationInfo"), "MD_VectorSpatialRepresentation"), "geometricObjects"), "MD_GeometricObjects")
        _code(objects, "geometricObjectType", "MD_GeometricObjectTypeCode", found.objects or "complex")
        if found.count > 0:  # the schema knows no count of zero
            _gco(objects, "geometricObjectCount", "Integer", str(found.count))


def _identification(root: ET.Element, found: Metadata) -> None:
    data = _gmd(_gmd(root, "identificationInfo"), "MD_DataIdentification")
    citation = _gmd(_gmd(data, "citation"), "CI_Citation")
    _text(citation, "title", found.title)
    if found.title_en and found.title_en != found.title:
        _text(citation, "alternateTitle", found.title_en)
    _date(citation, found.date)
    _text(data, "abstract", found.abstract)
    _party(data, "pointOfContact", found.department, "owner")
    maintenance = _gmd(_gmd(data, "resourceMaintenance"), "MD_MaintenanceInformation")
    _code(maintenance, "maintenanceAndUpdateFrequency", "MD_MaintenanceFrequencyCode", found.maintenance)
    if found.update_cycle:
        _text(maintenance, "maintenanceNote", found.update_cycle)
    keywords = _gmd(_gmd(data, "descriptiveKeywords"), "MD_Keywords")
    for word in found.keywords:
        _text(keywords, "keyword", word)
    _code(keywords, "type", "MD_KeywordTypeCode", "theme")
    legal = _gmd(_gmd(data, "resourceConstraints"), "MD_LegalConstraints")
    if found.is_sample:
        _text(legal, "useLimitation", "含示例数据（程序生成），不是事实，不得用于决策。")
    if found.has_personal:
        _text(legal, "useLimitation", "含个人信息，按岗位查看，导出须遮蔽。")
    _code(legal, "accessConstraints", "MD_RestrictionCode", "otherRestrictions")
    _text(legal, "otherConstraints", f"敏感程度：{found.sensitivity}")
    security = _gmd(_gmd(data, "resourceConstraints"), "MD_SecurityConstraints")
    _code(security, "classification", "MD_ClassificationCode", found.classification)
    _text(security, "userNote", found.sensitivity)
    _code(data, "spatialRepresentationType", "MD_SpatialRepresentationTypeCode", found.representation)
    _language(data)
    _code(data, "characterSet", "MD_CharacterSetCode", "utf8")
    _gmd(_gmd(data, "topicCategory"), "MD_TopicCategoryCode").text = found.topic
    if found.extent is not None:
        extent = _gmd(_gmd(data, "extent"), "EX_Extent")
        box = _gmd(_gmd(extent, "geographicElement"), "EX_GeographicBoundingBox")
        west, south, east, north = found.extent
        for name, value in (("westBoundLongitude", west), ("eastBoundLongitude", east), ("southBoundLatitude", south), ("northBoundLatitude", north)):
            _gco(box, name, "Decimal", f"{value:.6f}")
    if found.standard:
        _text(data, "supplementalInformation", found.standard)


def _quality(root: ET.Element, found: Metadata) -> None:
    quality = _gmd(_gmd(root, "dataQualityInfo"), "DQ_DataQuality")
    _code(_gmd(_gmd(quality, "scope"), "DQ_Scope"), "level", "MD_ScopeCode", "dataset")
    if found.completeness is not None:
        report = _gmd(_gmd(quality, "report"), "DQ_CompletenessOmission")
        _text(report, "nameOfMeasure", "属性完整率")
        _text(report, "measureDescription", "已填写的属性格数占应填写格数的百分比")
        result = _gmd(_gmd(report, "result"), "DQ_QuantitativeResult")
        ET.SubElement(result, f"{{{GMD}}}valueUnit", {f"{{{GCO}}}nilReason": "inapplicable"})
        ET.SubElement(_gmd(result, "value"), f"{{{GCO}}}Record").text = f"{100 * found.completeness:.2f}"
    if found.quality.passes is not None:
        report = _gmd(_gmd(quality, "report"), "DQ_DomainConsistency")
        _text(report, "nameOfMeasure", "图层规则检查")
        result = _gmd(_gmd(report, "result"), "DQ_ConformanceResult")
        citation = _gmd(_gmd(result, "specification"), "CI_Citation")
        _text(citation, "title", f"layers/{found.id}.toml")
        _date(citation, "")
        told = f"错误 {found.quality.errors} 处，警告 {found.quality.warnings} 处"
        _text(result, "explanation", "；".join((told, *found.quality.findings[:10])))
        _gco(result, "pass", "Boolean", "true" if found.quality.passes else "false")
    lineage = _gmd(_gmd(quality, "lineage"), "LI_Lineage")
    natures = "、".join(f"{name} {count}" for name, count in found.natures)
    _text(lineage, "statement", "；".join(part for part in (found.lineage, f"数据性质：{natures}" if natures else "", f"现势性：{found.currency}" if found.currency else "") if part))


# --- pieces -----------------------------------------------------------------------------------------------------------


def _gmd(above: ET.Element, name: str) -> ET.Element:
    return ET.SubElement(above, f"{{{GMD}}}{name}")


def _text(above: ET.Element, name: str, text: str) -> None:
    """A text, or that it is not known."""
    if text:
        _gco(above, name, "CharacterString", text)
    else:
        ET.SubElement(above, f"{{{GMD}}}{name}", {f"{{{GCO}}}nilReason": "unknown"})


def _gco(above: ET.Element, name: str, kind: str, text: str) -> None:
    ET.SubElement(_gmd(above, name), f"{{{GCO}}}{kind}").text = "".join(c for c in text if c >= " " or c in "\t\n")


def _code(above: ET.Element, name: str, kind: str, value: str) -> None:
    ET.SubElement(_gmd(above, name), f"{{{GMD}}}{kind}", {"codeList": f"{CODES}#{kind}", "codeListValue": value}).text = value


def _language(above: ET.Element) -> None:
    ET.SubElement(_gmd(above, "language"), f"{{{GMD}}}LanguageCode", {"codeList": _LANGUAGES, "codeListValue": "chi"}).text = "chi"


def _party(above: ET.Element, name: str, organisation: str, role: str) -> None:
    party = _gmd(_gmd(above, name), "CI_ResponsibleParty")
    _text(party, "organisationName", organisation)
    _code(party, "role", "CI_RoleCode", role)


def _date(citation: ET.Element, date: str) -> None:
    one = _gmd(_gmd(citation, "date"), "CI_Date")
    if date:
        ET.SubElement(_gmd(one, "date"), f"{{{GCO}}}Date").text = date
    else:
        ET.SubElement(one, f"{{{GMD}}}date", {f"{{{GCO}}}nilReason": "unknown"})
    _code(one, "dateType", "CI_DateTypeCode", "revision")
