"""Cutting the connections of everybody else to the database of DATABASE_URL."""

import sqlite3
import time

from django.db import connection


def cut(seconds: float) -> int:
    """End the other connections, or, where there is no server to do that, lock the file for so long.

    Returns how many were ended.
    """
    if connection.vendor == "sqlite":
        return _lock(str(connection.settings_dict["NAME"]), seconds)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            return len(cursor.fetchall())
        cursor.execute(
            "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()"
        )
        ended = 0
        for (number,) in cursor.fetchall():
            try:
                cursor.execute(f"KILL {int(number)}")
                ended += 1
            except Exception as error:  # it has gone by itself in this moment
                if getattr(error, "args", [0])[0] != 1094:
                    raise
        return ended


def _lock(name: str, seconds: float) -> int:
    # The driver itself: Django's connection would wait for its own time-out.
    file = sqlite3.connect(name, timeout=5, isolation_level=None)
    try:
        file.execute("BEGIN EXCLUSIVE")
        time.sleep(seconds)
        file.execute("ROLLBACK")
        return 1
    except sqlite3.OperationalError:
        return 0
    finally:
        file.close()
