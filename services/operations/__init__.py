"""Operations: the state of the system, and why work waits."""
