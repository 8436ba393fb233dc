"""The profile `full`: every operation of the contract, judged with what an administrator's account sets up.

Nothing in here names an operation or a path: operations are found by their effect. What is written out are the verbs
of effects and the nature of the kinds: users belong to groups, both belong to handle services.
"""
