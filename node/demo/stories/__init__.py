"""Stories that play on a running network: what happens to the money, whoever acts or is silent."""
