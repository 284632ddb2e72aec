"""The fleet limiter: one budget of requests for every process, exact, fully used, and fair."""
