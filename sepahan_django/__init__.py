"""Send, follow and receive SMS through the Sepahan Gostar gateway, with an admin for the office."""

__version__ = "1.0.0"
