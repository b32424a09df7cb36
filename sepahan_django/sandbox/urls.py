"""The gateway's methods, and the page."""

from django.urls import path

from sepahan_django.sandbox import api, page

app_name = "sepahan_sandbox"

urlpatterns = [
    path("api/<path:route>", api.serve),
    path("", page.index, name="index"),
    path("write/", page.write, name="write"),
    path("message/<int:pk>/", page.move, name="move"),
    path("switches/", page.switch, name="switch"),
    path("lines/", page.add_line, name="line"),
]
