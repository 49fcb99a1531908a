"""The components in the names and shapes that their users know; a thin shell."""
