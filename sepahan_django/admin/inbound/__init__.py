"""Inbound messages: the list, and what staff do about them."""
