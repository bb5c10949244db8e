"""QR codes on pages."""

import re

import zxingcpp
from PIL import Image, ImageDraw

from zhengtong.approvals.papers.qr import qr_file, qr_svg

URL = "https://zwfw.example.gov.cn/verify/K7Q2M9RDXXYZ/"


def drawn(svg: str, scale: int = 6) -> Image.Image:
    """The picture, drawn from the rectangles of the path."""
    size = int(re.search(r'viewBox="0 0 (\d+)', svg)[1])  # type: ignore[index]
    image = Image.new("L", ((size + 8) * scale, (size + 8) * scale), 255)
    pen = ImageDraw.Draw(image)
    for x, y, width in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", svg):
        left, top = (int(x) + 4) * scale, (int(y) + 4) * scale
        pen.rectangle((left, top, left + int(width) * scale - 1, top + scale - 1), fill=0)
    return image


def test_both_forms_are_read_back() -> None:
    for svg in (qr_svg(URL), qr_file(URL)):
        assert [code.text for code in zxingcpp.read_barcodes(drawn(svg))] == [URL]


def test_the_page_form_has_no_style_and_no_script_and_says_what_it_is() -> None:
    svg = qr_svg(URL, label='查验"<script>', css_class="paper-qr")
    assert "style" not in svg
    assert "<script" not in svg
    assert 'role="img" aria-label="查验&quot;&lt;script&gt;"' in svg
    assert 'class="paper-qr"' in svg
