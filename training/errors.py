"""What can go wrong with a training run's inputs.

TrainingError
├── DatasetError      a file, photograph or caption is missing or damaged
└── CheckpointError   weights that do not fit the network
"""


class TrainingError(Exception):
    """A step cannot go on; the message says which input is at fault."""


class DatasetError(TrainingError):
    """The photographs or captions given are not as they should be."""


class CheckpointError(TrainingError):
    """A weights file is missing, damaged or of another network."""
