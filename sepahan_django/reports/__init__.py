"""Read-only data for pages and files: figures, campaigns, incidents, readiness, exports."""
