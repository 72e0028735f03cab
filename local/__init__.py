"""The deployed stack on this machine: the same template, on an emulator of AWS."""
