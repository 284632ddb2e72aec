"""The admin API under /_simulator: accounts, truth, log, windows and faults. Not counted, not logged."""
