def connected(settings: Settings) -> Repository:
    """Return the services with the deployed adapters."""
    raise NotImplementedError


door = Door(connected)
