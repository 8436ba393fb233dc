"""All faults, from the files that group them."""

from second_faults_access import ACCESS
from second_faults_answers import ANSWERS
from second_faults_authentication import AUTH
from second_faults_data import DATA
from second_faults_errors import ERRORS
from second_faults_location import LOCATIONS
from second_registry import Entry

FAULTS: dict[str, Entry] = {}
for table in (ANSWERS, LOCATIONS, ERRORS, ACCESS, AUTH, DATA):
    if FAULTS.keys() & table.keys():
        raise ValueError(FAULTS.keys() & table.keys())
    FAULTS |= table
