"""The medic: asks every model its first example, reloads one whose stub died, and says what it sees.

Release 24.10 never starts a dead stub again, and both the server and the model go on saying that they are ready
(TRITON facts, §4; mended in 26.04).
"""
