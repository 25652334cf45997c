"""PDF of arranged pages: layers, places on Earth, texts, fonts, metadata, archives, broken targets."""

from __future__ import annotations

import contextlib
import io
import json
import resource
import shutil
import subprocess
from datetime import datetime, timedelta, timezone

import msgspec
import numpy as np
import pikepdf
import pyarrow as pa
import pytest

pytest.importorskip("PySide6")

from lydigital import texts
from lydigital.errors import LydError, StoreUnavailableError, UsageError
from lydigital.model.crs import CGCS2000, Crs, transformation
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.layout import Layout, MapItem, Page, TextItem
from lydigital.model.style import LabelStyle, LineSymbolizer, PointSymbolizer, Rule, Stroke, Style
from lydigital.model.table import FeatureTable
from lydigital.publish import arrange, pdf, pdfparts, press
from lydigital.render.drawlist import SceneLayer

CRS = Crs("EPSG:4546")
HOME = (600_000.0, 3_830_000.0, 606_000.0, 3_834_000.0)
MAIN = MapItem(id="main", name="主图", x=10, y=20, width=120, height=80)
TITLE = TextItem(id="t", x=10, y=5, width=100, height=10, text="白马山 {title}")
LAYOUT = Layout("a", "城区图", pages=(Page(width=140, height=110),), items=(MAIN, TITLE))
WHEN = datetime(2026, 3, 4, 5, 6, 7, tzinfo=timezone(timedelta(hours=8)))


def layer(name, geometry, names, style):
    table = FeatureTable(np.arange(1, len(names) + 1), pa.table({"name": names}), geometry, CRS)
    return SceneLayer(name, table, style, np.zeros(len(names), np.int16))


@pytest.fixture(scope="module")
def material(qapp):
    rng = np.random.default_rng(7)
    points = GeometryArray.from_points(rng.uniform(HOME[:2], HOME[2:], (40, 2)))
    x = np.linspace(HOME[0] + 500, HOME[2] - 500, 40)
    road = np.column_stack([x, 3_832_000 + 300 * np.sin((x - HOME[0]) / 700)])
    dots = Style((Rule((PointSymbolizer(size_mm=1.5, color="#aa3322"),)),), labels=LabelStyle("name", size_pt=7))
    curved = Style((Rule((LineSymbolizer(Stroke("#445566", 0.5)),)),), labels=LabelStyle("name", size_pt=7, placement="line"))
    scene = (
        layer("road", GeometryArray.from_rings(GeometryKind.LINE, [[[road]]]), ["洛河大道"], curved),
        layer("village", points, [f"第{i}村" for i in range(40)], dots),
    )  # fmt: skip
    facts = {"date": "2026-01-02", "producer": "规划局"}
    return arrange.Material(
        CRS, HOME, lambda _scale, _ids: scene, lambda _id: None, lambda _id: None, facts=facts, names={"road": "道路", "village": "村庄"}
    )


@pytest.fixture(scope="module")
def sheet(material):
    return arrange.arrange(LAYOUT, material)


@pytest.fixture(scope="module")
def written(sheet, tmp_path_factory):
    path = tmp_path_factory.mktemp("pdf") / "a.pdf"
    return press.write_pdf(path, [sheet], about=pdf.About.of(sheet, when=WHEN))


def words(path, *options):
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not here")
    return subprocess.run(["pdftotext", *options, str(path), "-"], check=True, capture_output=True, text=True).stdout


def test_every_text_is_found(sheet, written):
    said = words(written).replace("\n", "")
    labels = sheet.maps[0].picture.labels
    assert "洛河大道" in {label.text for label in labels}
    for label in labels:
        assert label.text in said
    assert "白马山 城区图" in said


def test_fonts_are_embedded_subsets_that_say_what_they_show(written):
    with pikepdf.open(written) as made:
        fonts = made.pages[0].Resources.Font.values()
        assert fonts
        for font in fonts:
            (below,) = font.DescendantFonts
            assert below.FontDescriptor.FontFile2.read_bytes()[:4] == b"\0\1\0\0"
            assert below.CIDToGIDMap == "/Identity"
            tag, plus, _ = str(font.BaseFont)[1:].partition("+")
            assert (len(tag), tag.isupper(), plus) == (6, True, "+")
            assert font.BaseFont == below.BaseFont == below.FontDescriptor.FontName
            assert b"beginbfrange" in font.ToUnicode.read_bytes()


def test_layers_can_be_switched(written):
    with pikepdf.open(written) as made:
        properties = made.Root.OCProperties
        assert [str(group.Name) for group in properties.D.Order] == ["Title, legend and notes", "Labels", "Grid and map frame", "村庄", "道路"]
        assert {group.objgen for group in properties.D.Order} == {group.objgen for group in properties.OCGs}
        page = made.pages[0]
        depth, inside = 0, {}
        for operands, operator in pikepdf.parse_content_stream(page):
            if str(operator) == "BDC":
                depth += 1
                if operands[0] == "/OC":
                    assert depth == 1
                    current = str(page.Resources.Properties[operands[1]].Name)
            elif str(operator) == "EMC":
                depth -= 1
            elif str(operator) in ("Do", "Tj", "TJ"):
                assert depth
                inside.setdefault(current, set()).add(str(operator))
        assert depth == 0
        assert inside["村庄"] == inside["道路"] == {"Do"}
        assert "Do" in inside["Labels"]
        assert inside["Labels"] - {"Do"}
        assert inside["Title, legend and notes"]


def test_layers_are_called_in_the_language_of_the_interface(sheet, tmp_path):
    from lydigital import paths

    texts.use("zh", paths.translations_dir())
    try:
        press.write_pdf(tmp_path / "a.pdf", [sheet])
    finally:
        texts.use("en", paths.translations_dir())
    with pikepdf.open(tmp_path / "a.pdf") as made:
        assert [str(group.Name) for group in made.Root.OCProperties.D.Order][:3] == ["图名、图例与说明", "注记", "格网与图廓"]
        assert made.Root.Lang == "zh-CN"


def test_a_layer_switched_off_is_not_drawn(written, tmp_path):
    if shutil.which("pdftoppm") is None:
        pytest.skip("pdftoppm is not here")
    from PIL import Image

    inks = []
    for hidden in (None, "村庄"):
        path = tmp_path / "b.pdf"
        with pikepdf.open(written) as made:
            config = made.Root.OCProperties.D
            if hidden:
                config.OFF = pikepdf.Array([g for g in made.Root.OCProperties.OCGs if g.Name == hidden])
                del config.ON
            made.save(path)
        subprocess.run(["pdftoppm", "-r", "50", "-png", "-singlefile", str(path), str(tmp_path / "b")], check=True)
        with Image.open(tmp_path / "b.png") as picture:
            pixels = np.asarray(picture.convert("RGB")).astype(int)
        inks.append(int(((pixels[:, :, 0] - pixels[:, :, 1]) > 60).sum()))
    assert inks[0] > 100
    assert inks[1] == 0


def to_place(measure, box, x, y, crs):
    """Map place of a point of the page, from the entries alone."""
    u, v = (x - box[0]) / (box[2] - box[0]), (y - box[1]) / (box[3] - box[1])
    degrees = np.array([float(n) for n in measure.GPTS]).reshape(-1, 2)
    spots = np.array([float(n) for n in measure.LPTS]).reshape(-1, 2)
    corners = transformation(Crs(CGCS2000), crs).points(np.ascontiguousarray(degrees[:, ::-1]))
    weights = np.array([(u if a else 1 - u) * (v if b else 1 - v) for a, b in spots])
    return weights @ corners


@pytest.mark.parametrize("turn", [0.0, 30.0])
def test_a_map_knows_where_it_lies(material, tmp_path, turn):
    main = msgspec.structs.replace(MAIN, turn=turn)
    sheet = arrange.arrange(msgspec.structs.replace(LAYOUT, items=(main, TITLE)), material)
    press.write_pdf(tmp_path / "a.pdf", [sheet])
    placed = sheet.maps[0]
    with pikepdf.open(tmp_path / "a.pdf") as made:
        page = made.pages[0]
        (found,) = page.VP
        assert (found.Name, found.Measure.Subtype, found.Measure.GCS.EPSG, found.Measure.GCS.Type) == ("主图", "/GEO", 4546, "/PROJCS")
        box, top = [float(n) for n in found.BBox], float(page.MediaBox[3])
        for x in (601_000.0, 603_000.0, 605_500.0):
            for y in (3_830_500.0, 3_833_700.0):
                right, down = placed.to_page(x, y)
                there = to_place(found.Measure, box, right / 25.4 * 72, top - down / 25.4 * 72, CRS)
                assert np.abs(there - (x, y)).max() / placed.metres_per_mm < 0.1  # a tenth of a millimetre


def test_gdal_finds_the_same_corners(sheet, written):
    if shutil.which("gdalinfo") is None:
        pytest.skip("gdalinfo is not here")
    done = subprocess.run(["gdalinfo", "-json", str(written)], check=False, capture_output=True, text=True)
    if done.returncode:
        pytest.skip("GDAL reads no PDF here")
    told = json.loads(done.stdout)
    assert 'ID["EPSG",4546]' in told["coordinateSystem"]["wkt"]
    placed, (width, height), t = sheet.maps[0], told["size"], told["geoTransform"]
    box = placed.box
    for right, down in ((box.x, box.y), (box.right, box.y), (box.right, box.bottom), (box.x, box.bottom)):
        column, row = right / 140 * width, down / 110 * height
        there = placed.to_page(t[0] + column * t[1] + row * t[2], t[3] + column * t[4] + row * t[5])
        assert np.abs(np.array(there) - (right, down)).max() < 0.1  # mm


def test_pages_have_their_exact_size(material, tmp_path):
    sheets = [arrange.arrange(msgspec.structs.replace(LAYOUT, pages=(Page(width=w, height=h),)), material) for w, h in ((140, 110), (420, 297))]
    press.write_pdf(tmp_path / "a.pdf", sheets)
    with pikepdf.open(tmp_path / "a.pdf") as made:
        for page, (width, height) in zip(made.pages, ((140, 110), (420, 297)), strict=True):
            x0, y0, x1, y1 = (float(n) for n in page.MediaBox)
            assert ((x1 - x0) / 72 * 25.4, (y1 - y0) / 72 * 25.4) == pytest.approx((width, height), abs=1e-4)
        assert "/PageMode" in made.Root


def test_it_says_what_it_is(written):
    with pikepdf.open(written) as made:
        told = {name: str(value) for name, value in made.docinfo.items()}
        assert told["/Title"] == "城区图"
        assert told["/Author"] == "规划局"
        assert told["/Keywords"] == "道路, 村庄"
        assert told["/Subject"].startswith("Map at 1:50 000, CGCS2000")
        assert told["/CreationDate"] == "D:20260304050607+08'00'"
        assert told["/Producer"].startswith("lydigital ")
        with made.open_metadata() as xmp:
            assert xmp["dc:title"] == "城区图"
            assert xmp["dc:creator"] == ["规划局"]
            assert xmp["xmp:CreateDate"] == "2026-03-04T05:06:07+08:00"
            assert "pdfaid:part" not in xmp
        assert made.Root.Lang == "en"


def test_the_same_pages_make_the_same_file(sheet):
    made = []
    for _ in range(2):
        with pdf.Writer(pdf.About.of(sheet, when=WHEN, more={"Verdict": "通过"})) as writer:
            writer.add(sheet)
            made.append(writer.octets())
    assert made[0] == made[1]
    with pikepdf.open(io.BytesIO(made[0])) as read:
        assert read.docinfo["/Verdict"] == "通过"


def test_a_series_has_bookmarks_and_shared_fonts(material, tmp_path):
    taken = []

    def sheets():
        for number in range(12):
            taken.append(number)
            yield arrange.arrange(LAYOUT, material, values={"title": f"第{number % 11}幅"})

    press.write_pdf(tmp_path / "a.pdf", sheets())
    assert len(taken) == 12
    with pikepdf.open(tmp_path / "a.pdf") as made:
        assert len(made.pages) == 12
        with made.open_outline() as outline:
            titles = [item.title for item in outline.root]
            assert titles[:2] == ["第0幅 (1)", "第1幅"]
            assert titles[-1] == "第0幅 (2)"
            assert outline.root[3].destination[0].objgen == made.pages[3].obj.objgen
        fonts = {font.objgen for page in made.pages for font in page.Resources.Font.values()}
        assert len(fonts) <= 2
        assert len(made.Root.OCProperties.OCGs) == 5
        assert str(made.docinfo["/Title"]) == "第0幅"
        assert "/Subject" not in made.docinfo
    assert "第7幅" in words(tmp_path / "a.pdf", "-f", "8", "-l", "8")


def test_layers_of_several_files_are_one_in_a_book(written):
    with pikepdf.new() as book, pikepdf.open(written) as first, pikepdf.open(written) as second:
        book.pages.extend(first.pages)
        book.pages.extend(second.pages)
        pdfparts.gather_layers(book)
        out = io.BytesIO()
        pdf.put(book, out)
    with pikepdf.open(out) as made:
        assert [str(group.Name) for group in made.Root.OCProperties.D.Order] == ["Title, legend and notes", "Labels", "Grid and map frame", "村庄", "道路"]
        groups = {group.objgen for group in made.Root.OCProperties.OCGs}
        assert len(groups) == 5
        for page in made.pages:
            assert {group.objgen for group in page.Resources.Properties.values()} == groups
            assert "/VP" in page


# --- for archives -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def archived(sheet, tmp_path_factory):
    path = tmp_path_factory.mktemp("pdf_a") / "a.pdf"
    return press.write_pdf(path, [sheet, sheet], about=pdf.About.of(sheet, when=WHEN), pdf_a=True)


OPERATORS = frozenset(
    """b B b* B* BDC BI BMC BT BX c cm CS cs d d0 d1 Do DP EI EMC ET EX f F f* G g gs h i ID j J K k l m M MP n q Q re RG rg ri s S SC sc
    SCN scn sh T* Tc Td TD Tf Tj TJ TL Tm Tr Ts Tw Tz v w W W* y ' \"""".split()  # noqa: SIM905 - as the standard lists them
)


def streams(made):
    return [thing for thing in made.objects if isinstance(thing, pikepdf.Stream)]


def contents(made):
    yield from ((page.obj, page.Resources) for page in made.pages)
    yield from ((s, s.Resources) for s in streams(made) if s.get("/Subtype") == "/Form")


def test_an_archived_file_says_so_and_what_its_colours_mean(archived):
    raw = archived.read_bytes()
    assert raw.startswith(b"%PDF-1.")
    assert all(octet > 127 for octet in raw.splitlines()[1][1:5])
    assert raw.rstrip().endswith(b"%%EOF")
    with pikepdf.open(archived) as made:
        assert "/ID" in made.trailer
        assert "/Encrypt" not in made.trailer
        with made.open_metadata() as xmp:
            assert xmp.pdfa_status == "2B"
        (intent,) = made.Root.OutputIntents
        assert intent.S == "/GTS_PDFA1"
        profile = intent.DestOutputProfile.read_bytes()
        assert profile[36:40] == b"acsp"
        assert profile[12:20] == b"mntrRGB "
        assert profile[8] <= 4
        assert intent.DestOutputProfile.N == 3


def test_an_archived_file_has_nothing_that_is_forbidden(archived):
    with pikepdf.open(archived) as made:
        assert not {"/AA", "/OpenAction", "/Requirements", "/NeedsRendering", "/AcroForm"} & set(made.Root.keys())
        assert not {"/JavaScript", "/EmbeddedFiles"} & set(made.Root.get("/Names", pikepdf.Dictionary()).keys())
        for stream in streams(made):
            assert not {"/F", "/FFilter", "/Alternates", "/OPI", "/PS", "/Ref"} & set(stream.keys())
            assert stream.get("/Filter") in (None, "/FlateDecode", "/DCTDecode")
            assert stream.get("/Interpolate", False) is False
        for holder, resources in contents(made):
            for state in resources.get("/ExtGState", pikepdf.Dictionary()).values():
                assert not {"/TR", "/TR2", "/HTP"} & set(state.keys())
                assert state.get("/BM", "/Normal") in ("/Normal", "/Multiply", "/Screen", "/Overlay")
                assert state.get("/SMask", "/None") == "/None"
            assert "CMYK" not in str(resources.get("/ColorSpace", pikepdf.Dictionary()).to_json() if "/ColorSpace" in resources else "")
            depth = 0
            for _, operator in pikepdf.parse_content_stream(holder):
                assert str(operator) in OPERATORS
                depth += {"q": 1, "Q": -1}.get(str(operator), 0)
                assert 0 <= depth <= 28
            assert depth == 0
        config = made.Root.OCProperties.D
        assert "/AS" not in config
        assert config.Name
        assert {g.objgen for g in config.Order} == {g.objgen for g in made.Root.OCProperties.OCGs}
        for page in made.pages:
            assert "/Annots" not in page


def widths(entries):
    """Widths by glyph: lists from a first one on, or one for a range (9.7.4.3)."""
    told, rest = {}, list(entries)
    while rest:
        first = int(rest.pop(0))
        some = rest.pop(0)
        if isinstance(some, pikepdf.Array):
            told |= {first + i: float(width) for i, width in enumerate(some)}
        else:
            told |= dict.fromkeys(range(first, int(some) + 1), float(rest.pop(0)))
    return told


def test_the_widths_of_an_archived_font_are_those_of_its_glyphs(archived):
    import struct

    with pikepdf.open(archived) as made:
        for font in made.pages[0].Resources.Font.values():
            (below,) = font.DescendantFonts
            program = below.FontDescriptor.FontFile2.read_bytes()
            tables = {program[12 + 16 * i : 16 + 16 * i]: struct.unpack(">II", program[20 + 16 * i : 28 + 16 * i]) for i in range(struct.unpack(">H", program[4:6])[0])}
            em = struct.unpack(">H", program[tables[b"head"][0] + 18 :][:2])[0]
            count = struct.unpack(">H", program[tables[b"hhea"][0] + 34 :][:2])[0]
            metrics = tables[b"hmtx"][0]
            advances = [struct.unpack(">H", program[metrics + 4 * i :][:2])[0] * 1000 / em for i in range(count)]
            told = widths(below.W)
            assert len(told) > 3
            for number, width in told.items():
                assert width == pytest.approx(advances[min(number, count - 1)], abs=1)


# --- where it cannot be written -----------------------------------------------------------------------------------------


def test_a_file_that_cannot_be_replaced_stays_as_it_was(sheet, tmp_path):
    target = tmp_path / "out" / "a.pdf"
    target.mkdir(parents=True)
    with pytest.raises(StoreUnavailableError):
        press.write_pdf(target, [sheet])
    assert [p.name for p in target.parent.iterdir()] == ["a.pdf"]
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreUnavailableError):
        press.write_pdf(tmp_path / "file" / "a.pdf", [sheet])


@contextlib.contextmanager
def no_file_larger_than(octets):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (octets, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("share", [0.1, 0.6, 0.98])
def test_a_full_disk_leaves_no_half_file(sheet, written, tmp_path, monkeypatch, share):
    octets = int(share * written.stat().st_size)
    target = tmp_path / "out" / "a.pdf"
    target.parent.mkdir()
    target.write_bytes(b"before")
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    with no_file_larger_than(octets), pytest.raises(StoreUnavailableError) as caught:
        press.write_pdf(target, [sheet])
    assert caught.value.hint
    assert target.read_bytes() == b"before"
    assert [p.name for p in target.parent.iterdir()] == ["a.pdf"]
    assert not list((tmp_path / "temporary").iterdir())


def test_no_pages_are_refused(tmp_path):
    with pytest.raises(UsageError):
        press.write_pdf(tmp_path / "a.pdf", [])
    assert not (tmp_path / "a.pdf").exists()


def test_a_fault_on_the_way_leaves_nothing(sheet, tmp_path, monkeypatch):
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))

    def sheets():
        yield sheet
        raise LydError("no more", hint="none")

    with pytest.raises(LydError, match="no more"):
        press.write_pdf(tmp_path / "a.pdf", sheets())
    assert not (tmp_path / "a.pdf").exists()
    assert not list((tmp_path / "temporary").iterdir())
