"""The page on which anybody verifies a file: who signed it, when, and was it changed since?"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from zhengtong.kernel import access, official_time
from zhengtong.security.signatures import screens
from zhengtong.security.signatures.forms import FileForm
from zhengtong.security.signatures.verifying import verify


@access.public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def verify_file(request: HttpRequest) -> HttpResponse:
    """Ask for a file; POST says what its signatures prove. The file is read in memory of this request and not kept."""
    form = FileForm(request.POST, request.FILES) if request.method == "POST" else FileForm()
    if request.method != "POST":
        return render(request, "signatures/verify_file.html", {"form": form})
    status = 422
    if form.is_valid():
        file = form.cleaned_data["file"]
        refusal = getattr(file, "refusal", None)
        if refusal is None:
            now = official_time.now()
            report = verify(file.read(), at=now)
            context = {"form": FileForm(), "found": screens.drawn(report, at=now), "name": file.name}
            return render(request, "signatures/verified_file.html", context)
        form.add_error("file", screens.too_large() if refusal.status == 413 else refusal.message)
        status = refusal.status
    return render(request, "signatures/verify_file.html", {"form": form}, status=status)
