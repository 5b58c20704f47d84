"""Actions: what is done to an account, when a monitor fires, a plan is due or an operator asks.

Nothing in this room touches the world. An action changes a page of the book, or returns what is to be sent as a value;
whoever runs it stores both in one commit and delivers afterwards.
"""
