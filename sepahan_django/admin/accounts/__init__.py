"""Accounts and their lines."""
