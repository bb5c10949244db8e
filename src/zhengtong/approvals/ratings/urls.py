"""Routes of ratings."""

from django.urls import path

from zhengtong.approvals.ratings.views import department, giving, office, reading

app_name = "ratings"
urlpatterns = [
    path("ratings/", reading.published, name="published"),
    path("ratings/thanks/", giving.thanks, name="thanks"),
    path("rate/<str:token>/", giving.by_link, name="by_link"),
    path("my/ratings/<int:rating_id>/", giving.mine, name="mine"),
    path("my/ratings/<int:rating_id>/again/", giving.again, name="again"),
    path("my/ratings/<int:rating_id>/object/", giving.object_to, name="object"),
    path("window/visits/", department.visit, name="visit"),
    path("ratings/orders/", department.orders, name="orders"),
    path("ratings/orders/<int:rating_id>/", department.order, name="order"),
    path("ratings/orders/<int:rating_id>/do/<slug:key>/", department.act, name="act"),
    path("ratings/review/", office.review, name="review"),
    path("ratings/review/texts/<int:publication_id>/", office.text, name="text"),
    path("ratings/rule/", office.rule, name="rule"),
    path("ratings/figures/", office.figures, name="figures"),
    path("ratings/figures.csv", office.figures_csv, name="figures_csv"),
    path("ratings/figures.xlsx", office.figures_xlsx, name="figures_xlsx"),
]
