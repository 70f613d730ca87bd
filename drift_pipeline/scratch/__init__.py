"""Scratch: throw-away PostgreSQL databases where models are built and plans are proven. None outlives its check."""
