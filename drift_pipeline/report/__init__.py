"""The report: findings, plan and context of one check, and the renderings, all made from that one object."""
