"""QR codes as SVG: for pages (no inline style, so a strict content security policy lets it through) and for papers."""

import segno
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe


def qr_svg(text: str, *, label: str = "", css_class: str = "qr") -> SafeString:
    """An inline `<svg>` for a page. `label` is what a screen reader says instead of the picture."""
    code = segno.make(text, error="m", micro=False)
    size = code.symbol_size(border=4)[0]
    return mark_safe(  # the only foreign text, `label` and `css_class`, is escaped
        f'<svg xmlns="http://www.w3.org/2000/svg" class="{escape(css_class)}" role="img" '
        f'aria-label="{escape(label or text)}" viewBox="0 0 {size} {size}" shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M0 0h{size}v{size}H0z"/><path fill="#000" d="{_modules(code)}"/></svg>'
    )


def qr_file(text: str) -> str:
    """A whole SVG document without a quiet zone, as `render` places it on a paper (which leaves the zone white)."""
    code = segno.make(text, error="m", micro=False)
    size = code.symbol_size(border=0)[0]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size}" height="{size}" viewBox="0 0 {size} {size}">'
        f'<path fill="#000" d="{_modules(code, border=0)}"/></svg>'
    )


def _modules(code: segno.QRCode, border: int = 4) -> str:
    """One rectangle per run of dark modules: no hairlines between rows, unlike a stroked path."""
    runs: list[str] = []
    for y, row in enumerate(code.matrix):
        x, width = 0, len(row)
        while x < width:
            if not row[x] & 1:
                x += 1
                continue
            start = x
            while x < width and row[x] & 1:
                x += 1
            runs.append(f"M{start + border} {y + border}h{x - start}v1h-{x - start}z")
    return "".join(runs)
