"""The conversation with one number, and the reply box."""
