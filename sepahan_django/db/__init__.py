"""Craft of the database without tables: transactions, rows in chunks, updates of many, encryption."""
