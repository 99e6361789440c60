"""The days that a sheet covers: by default, and the fewest and most. Not here: the sheet (`sheet.document`)."""

DAYS, LEAST_DAYS, MOST_DAYS = 84, 28, 182
