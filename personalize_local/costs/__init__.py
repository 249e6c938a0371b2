"""What the same use would have cost on AWS: usage that is written down, dated price lists, and the bill of both.

The bill is a pure function of usage, prices, time and what runs; only :mod:`recording` and :mod:`counting` write.
"""
