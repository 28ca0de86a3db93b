"""After the sale: refunds, returns, exchanges, recalls, as cases over units of an order."""
