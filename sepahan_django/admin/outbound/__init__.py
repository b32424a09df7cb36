"""Outbound messages, their requests, and those in doubt."""
