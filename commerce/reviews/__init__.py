"""Reviews: who may post one, what becomes of it, and what a merchant's reviews are worth."""
