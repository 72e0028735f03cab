"""The command line and client of an Image Repo; they speak to its HTTP API only."""

from image_repo.client import Client
from image_repo.errors import ApiProblem, CommandError, Unreachable

__all__ = ["ApiProblem", "Client", "CommandError", "Unreachable"]
