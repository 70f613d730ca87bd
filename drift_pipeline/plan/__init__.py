"""The plan: statements that turn one schema into another; engines propose them, nobody trusts them, scratch proves."""
