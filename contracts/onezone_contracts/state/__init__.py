"""What the target should hold, what it is seen to hold, and what differs."""
