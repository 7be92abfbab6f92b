"""Model backends: what answers a request. Each SDK is imported only by its own module, and only when chosen."""
