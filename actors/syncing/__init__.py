"""A sync as its collector sees it: what would happen, what did, what is asked, and how it is taken back."""
