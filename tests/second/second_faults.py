"""All faults, from the files that group them."""

from second_faults_access import ACCESS
from second_faults_answers import ANSWERS
from second_faults_data import DATA
from second_registry import Entry

FAULTS: dict[str, Entry] = {}
for table in (ANSWERS, ACCESS, DATA):
    FAULTS |= table
if len(FAULTS) != len(ANSWERS) + len(ACCESS) + len(DATA):
    raise ValueError(FAULTS)
