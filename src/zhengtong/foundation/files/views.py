"""One route: hand out an attachment to somebody who may read it."""

from uuid import UUID

from django.contrib.auth.views import redirect_to_login
from django.http import FileResponse, HttpRequest, HttpResponseBase, HttpResponseNotModified
from django.views.decorators.http import require_safe

from zhengtong.foundation.calendars.public import official_now
from zhengtong.foundation.files import operations, queries
from zhengtong.foundation.files.inspection import INLINE
from zhengtong.kernel import access
from zhengtong.kernel.errors import NotFound


@access.public
@require_safe
def download(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """The file, shown in the browser when that is harmless; access is checked every time, strangers get 404.

    Visitors who are not signed in are asked to sign in, whether or not there is such a file.
    """
    try:
        attachment = queries.get_for(request.user, public_id)
    except NotFound:
        if request.user.is_authenticated:
            raise
        return redirect_to_login(request.get_full_path())
    kept = {"ETag": f'"{attachment.stored.digest}"', "Cache-Control": "private, no-cache"}
    if request.headers.get("If-None-Match") == kept["ETag"]:
        return HttpResponseNotModified(headers=kept)
    content = queries.open_(attachment)
    operations.record_read(attachment=attachment, by=request.user.pk, at=official_now())
    inline = attachment.mime in INLINE and "save" not in request.GET
    response = FileResponse(content, as_attachment=not inline, filename=attachment.name, content_type=attachment.mime)
    response.block_size = 65536
    for header, value in {**kept, "X-Content-Type-Options": "nosniff"}.items():
        response.headers[header] = value
    return response
