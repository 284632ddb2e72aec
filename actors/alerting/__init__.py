"""Price alerts and their mails."""
