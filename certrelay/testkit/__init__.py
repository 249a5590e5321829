"""Peers and certificates for tests, importable by anyone who builds on the protocol."""
