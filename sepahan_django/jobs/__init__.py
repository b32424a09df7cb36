"""What keeps the app running: the heartbeats of its jobs, and pruning."""
