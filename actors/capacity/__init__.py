"""What one budget carries: a fleet that one can imagine, simulated minute by minute by the decisions of the product."""
