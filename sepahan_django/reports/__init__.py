"""What pages and files tell, read only: figures, campaigns, incidents, readiness, exports."""
