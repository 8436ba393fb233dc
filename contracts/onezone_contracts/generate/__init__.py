"""Values for requests: plain ones that are valid, and drawn ones of every kind."""
