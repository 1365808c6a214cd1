"""Where a request's time goes, and how long it may take."""
