"""Routes of fees: `/pay/` for who pays and for providers, `/bills/` for officials."""

from django.urls import path

from zhengtong.approvals.fees.views import local, money, office, paying

app_name = "fees"
urlpatterns = [
    path("pay/notify/<slug:provider>/", paying.notify, name="notify"),
    path("pay/local/<str:token>/", local.charge, name="local"),
    path("pay/papers/<int:paper_id>.pdf", paying.paper, name="paper"),
    path("pay/<slug:code>/", paying.bill, name="pay"),
    path("pay/<slug:code>/begin/", paying.pay, name="begin"),
    path("pay/<slug:code>/back/<slug:number>/", paying.back, name="back"),
    path("bills/", office.bill_list, name="list"),
    path("bills/new/", office.by_hand, name="by_hand"),
    path("bills/export.csv", office.export, {"kind": "csv"}, name="export_csv"),
    path("bills/export.xlsx", office.export, {"kind": "xlsx"}, name="export_xlsx"),
    path("bills/lines/", office.lines, name="lines"),
    path("bills/lines/export.csv", office.export_lines, {"kind": "csv"}, name="lines_csv"),
    path("bills/lines/export.xlsx", office.export_lines, {"kind": "xlsx"}, name="lines_xlsx"),
    path("bills/refunds/", money.refunds, name="refunds"),
    path("bills/refunds/<int:refund_id>/", money.refund, name="refund"),
    path("bills/reconciliation/", money.reconciliations, name="reconciliations"),
    path("bills/reconciliation/<int:reconciliation_id>/", money.reconciliation, name="reconciliation"),
    path("bills/differences/<int:difference_id>/", money.difference, name="difference"),
    path("bills/<int:bill_id>/", office.bill, name="bill"),
    path("bills/<int:bill_id>/lines/<int:line_id>/assess/", office.assess, name="assess"),
    path("bills/<int:bill_id>/lines/<int:line_id>/reduce/", office.reduce, name="reduce"),
    path("bills/<int:bill_id>/correct/", office.correct, name="correct"),
    path("bills/<int:bill_id>/cancel/", office.cancel, name="cancel"),
    path("bills/<int:bill_id>/collect/", office.collect, name="collect"),
    path("bills/<int:bill_id>/refund/<int:share_id>/", office.ask_refund, name="ask_refund"),
]
