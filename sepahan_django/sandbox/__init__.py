"""A stand-in for the gateway over real HTTP, for development: an app that a project adds, with a test page.

It imports nothing of sepahan_django but the gateway's numbers, so that a mistake of the client is not
repeated here.
"""

DEFAULT_TOKEN = "5a4db0c05a4db0c05a4db0c05a4db0c0"  # noqa: S105  # nosec B105
DEFAULT_LINE = "3000123456"
