"""The plan: statements that turn one schema into another, proposed by engines that nobody trusts, and proven on scratch."""
