"""The clock: APScheduler over the timetable of the actors."""
