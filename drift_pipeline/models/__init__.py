"""Models: loads the declared MetaData in a process of its own and builds it on scratch, so that both sides come from a real server."""
