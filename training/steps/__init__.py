"""The steps of the pipeline: each module's ``run`` takes the parsed options."""
