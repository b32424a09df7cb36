"""Lists that scale to a million rows: counting is capped, and numbers use the language's digits."""

from functools import cached_property
from math import ceil
from typing import Any

from django.conf import settings
from django.core.paginator import Paginator
from django.utils.translation import gettext as _

from sepahan_django.values.digits import localize_number

MAX_ROWS_COUNTED = 10_000


class Count(int):
    """A number of rows as it is shown. One more than are counted means: more than that."""

    def __str__(self) -> str:
        if self.is_capped:
            return _("more than %(count)s") % {"count": localize_number(MAX_ROWS_COUNTED)}
        return localize_number(int(self))

    @property
    def is_capped(self) -> bool:
        return int(self) > MAX_ROWS_COUNTED


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts ten thousand rows at most: on a large table counting takes longer than all the rest.

    What lies behind them is found by a filter or a search and not by turning pages.
    """

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        found = rows.order_by()[: MAX_ROWS_COUNTED + 1].count()
        # Where Django groups digits itself it would group those of the words, too.
        return int(found) if settings.USE_THOUSAND_SEPARATOR else Count(found)

    @cached_property
    def num_pages(self) -> int:
        return max(ceil(min(int(self.count), MAX_ROWS_COUNTED) / self.per_page), 1)
