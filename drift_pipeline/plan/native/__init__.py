"""The native planner: statements written from facts alone."""
