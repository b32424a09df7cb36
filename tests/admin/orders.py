"""The page of a project's own orders, which sends SMS to those selected."""

from django.contrib import admin
from django.http import HttpResponse

from sepahan_django.admin import SendSmsMixin


class OrderPage(SendSmsMixin, admin.ModelAdmin):
    sepahan_phone = "mobile"
    sepahan_columns = ("customer", ("state", "stand"), ("shout", "loud"))
    actions = ("other",)

    def shout(self, order):
        return order.customer.upper()

    @admin.action
    def other(self, request, queryset):
        return HttpResponse("other")
