"""Account balance management (3GPP TS 32.296): accounts, balances, counters, and how a debit is settled.

Nothing in this room touches the world. An operation works on a `Book` of copies, which records what it changed;
whoever runs it stores the record and the copies together, or drops both.
"""
