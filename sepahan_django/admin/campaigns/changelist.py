"""The list of campaigns, and the URLs of the actions on one."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotAllowed,
    JsonResponse,
)
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy

from sepahan_django.admin.campaigns import buttons, page
from sepahan_django.admin.campaigns.progress import bar, bar_svg, phase_badge, sentence, shown_progress
from sepahan_django.admin.kit import display
from sepahan_django.admin.kit.base import RecordAdmin
from sepahan_django.admin.kit.masking import MaskedColumns
from sepahan_django.admin.kit.permissions import may, visible_campaigns
from sepahan_django.models import Campaign
from sepahan_django.reports import campaign_progress
from sepahan_django.reports.campaign_progress import Standing


class CampaignList(ChangeList):
    """Loads the progress of all campaigns on the page in two queries."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rows = list(self.result_list)
        found = campaign_progress.standings(rows)
        for row in rows:
            row.standing = found[row.pk]
        self.result_list = rows


@admin.register(Campaign)
class CampaignAdmin(RecordAdmin):
    """One sending to many: how far it is, and what can be done with it."""

    change_form_template = "sepahan_django/admin/campaign.html"
    list_display = ("name", "phase", "progress_shown", "created_by", "created")
    list_select_related = ("created_by",)
    search_fields = ("title",)
    content_columns = {"text": "hidden"}
    fields = ("name", "created_by", "created", "accounts", "line", "planned", "paused", "text")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Campaign]:
        # Not RecordAdmin's: a campaign does not belong to one account.
        return visible_campaigns(request, MaskedColumns.get_queryset(self, request))

    def get_search_fields(self, request: HttpRequest) -> Any:
        return self.search_fields  # titles are visible to every user of the list

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return CampaignList

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        campaign = super().get_object(request, object_id, from_field)
        if campaign is not None:
            page.load_page_data(campaign)
        return campaign

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        buttons = {
            "pause": self.pause,
            "resume": self.resume,
            "cancel": self.cancel,
            "retry": self.retry,
            "export": self.export,
        }
        return [
            path("<int:pk>/progress/", view(self.progress), name="sepahan_django_campaign_progress"),
            *(
                path(f"<int:pk>/{name}/", view(button), name=f"sepahan_django_campaign_{name}")
                for name, button in buttons.items()
            ),
            *super().get_urls(),
        ]

    # The pages

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Without the fields that are empty for this campaign."""
        names = list(super().get_fields(request, obj))
        if obj is not None and obj.paused_at is None:
            names.remove("paused")
        if obj is not None and not (obj.first_message and obj.first_message.send_at):
            names.remove("planned")
        return names

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> Any:
        if obj is not None:
            context |= page.context(request, obj)
        return super().render_change_form(request, context, add, change, form_url, obj)

    def progress(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What the script asks for every few seconds: how far it is, in words."""
        campaign = self._found(request, pk)
        if request.method != "GET":
            return HttpResponseNotAllowed(["GET"])
        standing = campaign_progress.standings([campaign])[campaign.pk]
        return JsonResponse(shown_progress(standing, now=timezone.now()).as_json())

    def _found(self, request: HttpRequest, pk: int, *permissions: str) -> Campaign:
        """The campaign, if the user may see it and has these permissions."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if not all(may(request, permission) for permission in permissions):
            raise PermissionDenied
        request.current_app = self.admin_site.name
        campaign: Campaign | None = self.get_queryset(request).filter(pk=pk).first()
        if campaign is None:
            raise Http404
        return campaign

    def pause(self, request: HttpRequest, pk: int) -> HttpResponse:
        return buttons.pause(request, self._found(request, pk, "send_message"))

    def resume(self, request: HttpRequest, pk: int) -> HttpResponse:
        return buttons.resume(request, self._found(request, pk, "send_message"))

    def cancel(self, request: HttpRequest, pk: int) -> HttpResponse:
        campaign = self._found(request, pk, "send_message")
        return buttons.cancel(request, campaign, site=self.admin_site)

    def retry(self, request: HttpRequest, pk: int) -> HttpResponse:
        campaign = self._found(request, pk, "send_message")
        return buttons.retry(request, campaign, site=self.admin_site)

    def export(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        return buttons.export(request, self._found(request, pk, "export_messages"))

    # Columns

    @admin.display(description=gettext_lazy("title"), ordering="title")
    def name(self, campaign: Campaign) -> str:
        return display.untrusted(campaign.title)

    @admin.display(description=gettext_lazy("state"))
    def phase(self, campaign: Any) -> str:
        return phase_badge(campaign.standing.phase(timezone.now()))

    @admin.display(description=gettext_lazy("progress"))
    def progress_shown(self, campaign: Any) -> str:
        standing: Standing = campaign.standing
        return format_html("{}{}", bar_svg(bar(standing)), sentence(standing, now=timezone.now()))

    @admin.display(description=gettext_lazy("created at"), ordering="pk")
    def created(self, campaign: Campaign) -> str:
        return display.moment(campaign.created_at)

    @admin.display(description=gettext_lazy("account"))
    def accounts(self, campaign: Any) -> str:
        shown = format_html_join(
            ", ", "{}", ((display.untrusted(title),) for title in campaign.account_titles)
        )
        return shown or display.EMPTY

    @admin.display(description=gettext_lazy("sender line"))
    def line(self, campaign: Any) -> str:
        return display.number(campaign.first_message.sender if campaign.first_message else "")

    @admin.display(description=gettext_lazy("send at"))
    def planned(self, campaign: Any) -> str:
        return display.moment(campaign.first_message.send_at if campaign.first_message else None)

    @admin.display(description=gettext_lazy("paused at"))
    def paused(self, campaign: Campaign) -> str:
        return display.moment(campaign.paused_at)

    @admin.display(description=gettext_lazy("text of the first SMS"))
    def text(self, campaign: Any) -> str:
        return display.full_text(campaign.first_message.text) if campaign.first_message else display.EMPTY
