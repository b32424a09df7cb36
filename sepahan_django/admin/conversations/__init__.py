"""All that was exchanged with one number, and the box to answer in."""
