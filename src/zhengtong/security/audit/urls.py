"""Addresses of audit: /audit/ for auditors, /audit/log/ for witnesses, /my/reads/ and /receipts/ for the person concerned."""

from django.urls import path

from zhengtong.security.audit import views

app_name = "audit"
urlpatterns = [
    path("audit/", views.search, name="search"),
    path("audit/verification/", views.verification, name="verification"),
    path("audit/entries/<int:seq>/", views.entry, name="entry"),
    path("audit/entries/<int:seq>/proof/", views.proof, name="proof"),
    path("audit/entries/<int:seq>/stamped-proof/", views.stamped_proof, name="stamped_proof"),
    path("audit/trail/<str:subject>/", views.trail, name="trail"),
    path("audit/log/", views.log, name="log"),
    path("audit/log/checkpoint", views.checkpoint, name="checkpoint"),
    path("audit/log/checkpoint/<int:size>", views.old_checkpoint, name="old_checkpoint"),
    path("audit/log/checkpoint/<int:size>/p256.tst", views.stamp, {"algorithm": "p256"}, name="stamp_p256"),
    path("audit/log/checkpoint/<int:size>/sm2.tst", views.stamp, {"algorithm": "sm2"}, name="stamp_sm2"),
    path("audit/log/key", views.key, name="key"),
    path("audit/log/changes", views.changes, name="changes"),
    path("audit/log/consistency/<int:old>/<int:new>", views.consistency, name="consistency"),
    path("audit/log/tile/<path:path>", views.tile, name="tile"),
    path("audit/log/cosign", views.cosign, name="cosign"),
    path("my/reads/", views.my_reads, name="my_reads"),
    path("my/reads/<int:seq>/proof/", views.my_proof, name="my_proof"),
    path("my/reads/<int:seq>/qr.png", views.my_qr, name="my_qr"),
    path("receipts/<str:subject>/", views.receipts, name="receipts"),
    path("receipt/check/", views.receipt_check, name="receipt_check"),
]
