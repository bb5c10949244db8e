"""Files of every kind, made in memory."""

import io
import zipfile
from random import Random

from PIL import Image

DOCX_PARTS = {
    "[Content_Types].xml": b'<Types><Override ContentType="wordprocessingml.document.main+xml"/></Types>',
    "word/document.xml": b"<w:document/>",
}


def image(form: str, size: tuple[int, int] = (64, 48)) -> bytes:
    """A picture with enough noise that cutting it off is felt."""
    picture = Image.frombytes("RGB", size, Random(1).randbytes(size[0] * size[1] * 3))  # noqa: S311
    out = io.BytesIO()
    picture.save(out, form)
    return out.getvalue()


def pdf(filler: bytes = b"") -> bytes:
    """The smallest document that readers open."""
    return b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\n" + filler + b"\ntrailer<</Root 1 0 R>>\nstartxref\n9\n%%EOF\n"


def package(parts: dict[str, bytes], *, more: dict[str, bytes] | None = None) -> bytes:
    """A ZIP package of `parts`."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**parts, **(more or {})}.items():
            archive.writestr(name, content)
    return out.getvalue()


def docx(**more: bytes) -> bytes:
    """A DOCX of the parts that make it one; keywords add parts, "/" written as "__"."""
    return package(DOCX_PARTS, more={name.replace("__", "/"): content for name, content in more.items()})


PDF, JPG, PNG, DOCX = pdf(), image("JPEG"), image("PNG"), docx()
XLSX = package({"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<workbook/>"})
OFD = package({"OFD.xml": b"<ofd:OFD/>", "Doc_0/Document.xml": b"<ofd:Document/>"})
EVERY = {"a.pdf": PDF, "a.jpg": JPG, "a.jpeg": JPG, "a.png": PNG, "a.docx": DOCX, "a.xlsx": XLSX, "a.ofd": OFD}
