"""A page to try every model through the gateway, see where a call's time goes, and watch the load."""
