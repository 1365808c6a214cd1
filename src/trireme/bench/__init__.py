"""`make bench`: what serving costs, measured in pairs in one run and printed as a table; nothing here is a test."""
