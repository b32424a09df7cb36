"""The overview, and the page that sets the app up."""
