"""The clock: APScheduler and its timetable."""
