"""Engines: one module each, `(source url, target url) -> statements`, each in a process with a time limit."""
