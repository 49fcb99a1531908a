"""Puts this distribution in place as services of systemd, and takes it away again."""
