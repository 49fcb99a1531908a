"""What can be typed: one function per command, with its options and its help."""
