"""Engines: one module each, `(source url, target url) -> statements`, each run in a process of its own with a time limit."""
