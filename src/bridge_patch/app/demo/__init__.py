"""The demo: what it stages, what it shows while it runs, and what it prints at the end."""
