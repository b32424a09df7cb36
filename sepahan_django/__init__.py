"""Send, follow and receive SMS through the Sepahan Gostar gateway, with an admin for the office."""

import logging

__version__ = "1.0.0"

# As a library should: where a project has set up no logging, nothing is printed into its cron mails.
logging.getLogger(__name__).addHandler(logging.NullHandler())
