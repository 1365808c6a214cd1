"""Load tests of one model by k6 or Locust: what is sent, when, and what has to hold."""
