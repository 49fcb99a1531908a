"""`doctor`: whether everything that a run needs is so, and what to do where it is not."""
