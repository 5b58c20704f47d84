"""Call events from whoever does not speak gRPC: JSON, files of records, watched folders."""
