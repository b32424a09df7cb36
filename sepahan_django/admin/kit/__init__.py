"""What pages of several subjects use. Imports no page."""
