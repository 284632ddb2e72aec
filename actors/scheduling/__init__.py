"""What happens when: the timetable, and the moments of the night."""
