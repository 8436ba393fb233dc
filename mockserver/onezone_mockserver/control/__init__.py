"""The mock's control plane under `/_mock/`: for test suites and people, never a part of the contract."""

from onezone_mockserver.control.gate import Gate, host_of
from onezone_mockserver.control.plane import Control

__all__ = ["Control", "Gate", "host_of"]
