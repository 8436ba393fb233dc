"""The commands of the judge."""
