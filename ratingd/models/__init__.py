"""Models of fraud: the traffic they learn from, their training, their versions, and the scores they give."""
