"""Models: loads the declared MetaData in a process of its own and builds it on a real server, for the reader."""
