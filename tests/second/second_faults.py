"""All faults, from the files that group them."""

from second_faults_access import ACCESS
from second_faults_answers import ANSWERS
from second_faults_authentication import AUTH
from second_faults_body import BODY
from second_faults_errors import ERRORS
from second_faults_location import LOCATIONS
from second_faults_record import RECORDS
from second_faults_sequence import SEQUENCE
from second_faults_state import STATE
from second_registry import Entry

FAULTS: dict[str, Entry] = {}
for table in (ANSWERS, LOCATIONS, ERRORS, ACCESS, AUTH, BODY, RECORDS, STATE, SEQUENCE):
    if FAULTS.keys() & table.keys():
        raise ValueError(FAULTS.keys() & table.keys())
    FAULTS |= table

# The documents say too little for a judge to be blamed that lets these pass.
DOUBTFUL = frozenset(
    {
        "refuse-long-value",
        "refuse-name-bytes",
        "refuse-name-short",
        "refuse-digit-name",
        "refuse-http",
        "refuse-no-template",
        "refuse-no-override",
        "malformed-nan",
    }
)
# No persona of the kit's interfaces shows these: they are no monotone rules over privileges, or need a second group.
HARD = frozenset({"access-outsider-create", "access-xor", "access-other-group"})
# Judging these takes as long as the client waits.
SLOW = frozenset({"hang-400", "malformed-hang", "slow-400"})
