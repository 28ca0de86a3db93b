"""Codes against counterfeits: batches of hidden claim codes, scans, signs of copies, claims.

A printed code is public and is copied at will: it proves nothing by itself. What a copy lacks is
the hidden claim code (96 bits or more, of which the chain knows a hash under a Merkle root), a
history of scans that could be one thing's, and an owner.
"""
