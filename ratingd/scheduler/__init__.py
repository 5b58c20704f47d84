"""The scheduler: action plans at their instants, what expires on idle accounts, and the daily tidying up."""
