"""The report: one page with pictures, made from a journal, that needs nothing else."""
