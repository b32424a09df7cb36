"""Holding a campaign back, and letting it go on.

A pause is one column of the campaign, which every claim looks at. What was claimed before it still goes,
since it may be on its way already; nothing else of the campaign does until it is resumed. Its messages stay
`queued`, so they are cancelled and expire as ever.
"""

from django.utils import timezone

from sepahan_django.db.transactions import retrying
from sepahan_django.models import Campaign, MessageState
from sepahan_django.outbox.decisions import cancel


def pause(campaign: Campaign) -> bool:
    """Stop claiming its messages; False if it was already paused."""
    now = timezone.now()
    rows = Campaign.objects.filter(pk=campaign.pk, paused_at__isnull=True)
    changed = retrying(lambda: rows.update(paused_at=now))
    if changed:
        campaign.paused_at = now
    return bool(changed)


def resume(campaign: Campaign) -> bool:
    """Let it go on where it stopped; False when it was not paused."""
    rows = Campaign.objects.filter(pk=campaign.pk, paused_at__isnull=False)
    changed = retrying(lambda: rows.update(paused_at=None))
    campaign.paused_at = None
    return bool(changed)


def cancel_rest(campaign: Campaign) -> int:
    """Cancel the unsent messages; returns how many.

    The campaign is paused meanwhile, so that its last messages don't go out while its first are cancelled. It
    stays paused when messages of it are on their way: those which the gateway does not take come back into
    the queue, and must not go out after all.
    """
    is_mine = pause(campaign)
    done = cancel(campaign.messages.all())
    if is_mine and not campaign.messages.filter(state=MessageState.SENDING).exists():
        resume(campaign)
    return done
