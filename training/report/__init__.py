"""The report: one page of HTML that asks for nothing else."""
