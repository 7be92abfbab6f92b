"""Model servers on loopback that the real SDKs talk to, in tests and from other processes."""
