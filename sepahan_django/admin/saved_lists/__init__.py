"""Saved lists, their members, and templates."""
