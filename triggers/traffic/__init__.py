"""Traffic metrics of numbers, ranges, trunks and accounts."""
