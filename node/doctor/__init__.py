"""`hushang doctor`: checks of a node and its machine that change nothing and need no rights.

Each check says in one sentence what it found and in one what to do; none keeps another one from
being made, so that it works where the settings, the disk or the network are broken.
"""
