"""What the market says: prices, what records are worth, and the offers of sellers."""
