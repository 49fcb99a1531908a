"""Where bars come from: recorded files, the public archive of the exchange, or a seed."""
