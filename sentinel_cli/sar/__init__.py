"""Drafts of suspicious activity reports: facts of one alert in FinCEN's form, for a human to finish, never filed."""
