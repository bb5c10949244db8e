"""Routes of supervision."""

from django.urls import path

from zhengtong.oversight.supervision.views import analysis, cards, orders, rules

app_name = "supervision"
urlpatterns = [
    path("supervision/", cards.board, name="board"),
    path("supervision/cards/", cards.card_list, name="cards"),
    path("supervision/cards/export.csv", cards.export, {"kind": "csv"}, name="export_csv"),
    path("supervision/cards/export.xlsx", cards.export, {"kind": "xlsx"}, name="export_xlsx"),
    path("supervision/cards/new/", cards.by_hand, name="by_hand"),
    path("supervision/cards/<int:card_id>/", cards.card_page, name="card"),
    path("supervision/cards/<int:card_id>/do/<slug:key>/", cards.act, name="act"),
    path("supervision/orders/", orders.order_list, name="orders"),
    path("supervision/orders/new/", orders.new_order, name="new_order"),
    path("supervision/orders/<int:order_id>/", orders.order_page, name="order"),
    path("supervision/orders/<int:order_id>/do/<slug:key>/", orders.order_act, name="order_act"),
    path("supervision/rules/", rules.rules_page, name="rules"),
    path("supervision/rules/begin/", rules.begin, name="begin_rules"),
    path("supervision/rules/<int:rule_set_id>/", rules.rule_set, name="rule_set"),
    path("supervision/rules/<int:rule_set_id>/settings/", rules.settings, name="rule_settings"),
    path("supervision/rules/<int:rule_set_id>/publish/", rules.publish, name="publish_rules"),
    path("supervision/rules/<int:rule_set_id>/discard/", rules.discard, name="discard_rules"),
    path("supervision/rules/<int:rule_set_id>/back-test/", rules.back_test, name="new_back_test"),
    path("supervision/rules/rule/<int:rule_id>/", rules.rule, name="rule"),
    path("supervision/forecast/", analysis.forecast, name="forecast"),
    path("supervision/forecast/<int:case_id>/", analysis.simulator, name="simulator"),
    path("supervision/stuck/", analysis.stuck_page, name="stuck"),
    path("supervision/patterns/", analysis.patterns_page, name="patterns"),
    path("supervision/performance/", analysis.performance_page, name="performance"),
    path("supervision/performance/<slug:kind>/", analysis.opened, name="opened"),
    path("supervision/brief.pdf", analysis.brief, name="brief"),
    path("on-time/", analysis.on_time, name="on_time"),
    path("supervision/back-tests/<int:back_test_id>/", rules.back_test_page, name="back_test"),
]
