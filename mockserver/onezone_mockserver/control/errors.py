"""What goes wrong in the control plane."""


class ControlError(ValueError):
    """A request to the control plane that cannot be fulfilled; the message says why."""
