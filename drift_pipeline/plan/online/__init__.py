"""Plans for databases in use: the statements of a proven plan as steps that block nobody for long."""
