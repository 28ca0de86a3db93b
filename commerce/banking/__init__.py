"""Money beyond payments: in and out of the chain, courts, prepaid cards, fees and parameters."""
