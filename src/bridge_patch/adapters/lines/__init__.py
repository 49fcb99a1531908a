"""From a journaled event to the one line that shows it: facts, then their wording."""
