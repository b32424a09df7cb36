"""Management commands, and what they print."""

import io

from django.core.management import call_command


def run(name, *words, **options):
    """What a command prints, without the line's end."""
    out = io.StringIO()
    call_command(name, *words, stdout=out, **options)
    return out.getvalue().strip()
