"""Estimate the cost of a sending from the account's earlier requests."""

from collections.abc import Mapping

from django.db.models import OuterRef, Subquery

from sepahan_django.models import ApiKey, OutboundMessage, SendRequest
from sepahan_django.values.parts import count_parts

LOOKED_AT = 40
"""Requests, the last ones."""


def prices(account: ApiKey) -> dict[str, float]:
    """Rials a part, by encoding, since Latin parts cost otherwise; only those that are known."""
    first = OutboundMessage.objects.filter(request=OuterRef("pk")).order_by("pk").values("text")[:1]
    requests = (
        SendRequest.objects.filter(api_key=account, total_price__gt=0, sms_count__gt=0)
        .order_by("-pk")
        .annotate(text=Subquery(first))
        .values_list("text", "total_price", "sms_count")[:LOOKED_AT]
    )
    paid: dict[str, tuple[int, int]] = {}
    for text, price, parts in requests:
        if text and price and parts:  # blanked messages don't show their encoding
            encoding = count_parts(text).encoding
            so_far = paid.get(encoding, (0, 0))
            paid[encoding] = (so_far[0] + price, so_far[1] + parts)
    return {encoding: price / parts for encoding, (price, parts) in paid.items()}


def estimate(account: ApiKey, parts: Mapping[str, int]) -> int | None:
    """About what so many parts of each encoding cost, in Rials; None where nothing is known."""
    wanted = {encoding: count for encoding, count in parts.items() if count}
    known = prices(account) if wanted else {}
    if not wanted or any(encoding not in known for encoding in wanted):
        return None
    return round(sum(known[encoding] * count for encoding, count in wanted.items()))
