"""Inbound messages: the list, and what staff do with them."""
