"""What comes into a campaign from outside and what leaves it."""
