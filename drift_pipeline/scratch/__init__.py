"""Scratch: throw-away PostgreSQL databases where models are built and plans are proven. Nothing of it survives a check."""
