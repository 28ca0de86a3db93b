"""Goods: who has which thing in hand, who owns it, and how both change."""
