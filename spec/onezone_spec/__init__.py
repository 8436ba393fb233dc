"""The contract of Onezone's handle-service operations as data. Get it with `load(edition)`."""

from onezone_spec.body import Body, Example, Level, Property, Reference, Source
from onezone_spec.load import (
    DEFAULT_EDITION,
    UnknownEditionError,
    bundled_text,
    document_text,
    editions,
    load,
    load_again,
)
from onezone_spec.model import (
    AccessRule,
    Contract,
    ContractError,
    Effect,
    ErrorKind,
    Grants,
    Operation,
    Origin,
    Parameter,
    Response,
    Route,
    Uncovered,
    UnresolvedReferenceError,
)
from onezone_spec.read import read_contract

__version__ = "0.1.0"

__all__ = [
    "DEFAULT_EDITION",
    "AccessRule",
    "Body",
    "Contract",
    "ContractError",
    "Effect",
    "ErrorKind",
    "Example",
    "Grants",
    "Level",
    "Operation",
    "Origin",
    "Parameter",
    "Property",
    "Reference",
    "Response",
    "Route",
    "Source",
    "Uncovered",
    "UnknownEditionError",
    "UnresolvedReferenceError",
    "__version__",
    "bundled_text",
    "document_text",
    "editions",
    "load",
    "load_again",
    "read_contract",
]
