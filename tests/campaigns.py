"""Messages of a campaign, in whatever state, and the requests that took them."""

from django.utils import timezone

from sepahan_django.models import OutboundMessage, SendRequest
from sepahan_django.reports import campaign_progress
from tests.factories import NOON, queued


def messages(count, campaign, state="queued", **fields):
    return queued(count, campaign=campaign, state=state, **fields)


def sent(count, campaign, state="sent", at=NOON, **fields):
    return messages(count, campaign, state, sent_at=at, **fields)


def request_for(messages, *, price=None, parts=None):
    """A request that took these messages."""
    made = SendRequest.objects.create(
        request_id=SendRequest.fresh_request_id(),
        api_key=messages[0].api_key,
        state="accepted",
        total_price=price,
        sms_count=parts,
    )
    OutboundMessage.objects.filter(pk__in=[message.pk for message in messages]).update(request=made)
    return made


def phase(campaign):
    """Which phase the campaign is in now."""
    campaign.refresh_from_db()
    return campaign_progress.standings([campaign])[campaign.pk].phase(timezone.now())
