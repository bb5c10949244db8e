"""x"""

app_name = "greenway"
urlpatterns = []
