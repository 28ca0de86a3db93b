"""What stands behind a merchant: its deposit, the mutual fund, its debts, and claims on them."""
