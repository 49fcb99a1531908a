"""How things stand: a fold of the journal, and what is waiting on the bus."""
