"""What we remember: one module a table or aggregate, functions that take a connection first."""
