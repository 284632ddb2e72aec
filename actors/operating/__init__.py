"""The fleet and its jobs in an operator's words."""
