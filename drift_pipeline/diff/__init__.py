"""Facts against facts: what is added, removed, renamed or changed. Generic: no code for any kind of object.

What means the same in another spelling is a row in a table of equivalences, with its reason; it is hidden and counted.
"""
