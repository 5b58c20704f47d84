"""What switches tell of calls, and what is made of it."""
