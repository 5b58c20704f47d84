"""The API: what each method of the gRPC services means, in terms of the engine. Transports serve its one table."""
