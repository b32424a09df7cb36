"""Sendings to many."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy

from sepahan_django.admin import display
from sepahan_django.admin.readonly import RecordAdmin
from sepahan_django.admin.rights import ContentColumns, visible_campaigns
from sepahan_django.models import Campaign, MessageState
from sepahan_django.values.jalali import localize_number


@admin.register(Campaign)
class CampaignAdmin(RecordAdmin):
    """One sending to many, and how many of its messages are in each state."""

    list_display = ("name", "created_by", "created")
    list_select_related = ("created_by",)
    fields = ("name", "created_by", "created", "states")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Campaign]:
        # Not RecordAdmin's: a campaign has no account of its own.
        return visible_campaigns(request, ContentColumns.get_queryset(self, request))

    @admin.display(description=gettext_lazy("title"), ordering="title")
    def name(self, campaign: Campaign) -> str:
        return display.foreign(campaign.title)

    @admin.display(description=gettext_lazy("created at"))
    def created(self, campaign: Campaign) -> str:
        return display.moment(campaign.created_at)

    @admin.display(description=gettext_lazy("messages"))
    def states(self, campaign: Campaign) -> str:
        rows = [
            (display.state(state, MessageState(state).label), localize_number(count))
            for state, count in campaign.counts.items()
            if count
        ]
        return format_html("<ul class='sepahan-counts'>{}</ul>", format_html_join("", "<li>{} {}</li>", rows))
