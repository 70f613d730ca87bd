"""Scratch: throw-away PostgreSQL databases, on the embedded server, a local one or a given URL.

`server.scratch_server()` is the front door; what it yields creates databases that vanish with their `with` block.
"""
