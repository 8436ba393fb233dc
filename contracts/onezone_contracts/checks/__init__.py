"""Checks: functions that look at a run and yield findings. One file a kind."""
