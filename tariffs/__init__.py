"""The rating function (3GPP TS 32.296): tariff plans, how they are read and checked, and what a call costs.

Nothing in this room touches the world: files come in as bytes, instants as integers, and a price goes out as a value.
"""
