"""A project that has none of the app's pages."""

from django.contrib.admin import AdminSite
from django.urls import path

from example_project.shop.models import Order
from tests.admin.orders import OrderPage

nowhere = AdminSite("nowhere")
nowhere.register(Order, OrderPage)
urlpatterns = [path("nowhere/", nowhere.urls)]
