"""HTTP: what gRPC clients are not: a curl in a hurry, a dashboard, Prometheus, a producer that can only post JSON."""
