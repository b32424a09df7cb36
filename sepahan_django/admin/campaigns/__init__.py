"""Campaigns: the list, the page of one, its buttons, its progress."""
