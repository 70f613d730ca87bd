"""The report: findings, plan and context of one check, and the renderings that are all made from that one object."""
