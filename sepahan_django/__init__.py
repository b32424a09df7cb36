"""Send, follow and receive SMS through the Sepahan Gostar gateway, with an admin for the office."""

import logging

from sepahan_django.logs import SafeRecords

__version__ = "1.0.0"

_logger = logging.getLogger(__name__)
# As usual for a library: without logging set up, nothing is printed into a project's cron mails.
_logger.addHandler(logging.NullHandler())
# Of this logger, which all modules use: a filter doesn't work for a logger's children.
_logger.addFilter(SafeRecords())
