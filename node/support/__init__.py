"""`hushang support bundle`: what helps to find a fault, packed without secrets."""
