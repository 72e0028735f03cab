"""What a new process of the API function takes until its first answer."""
