"""What a run proves: books, statistics, replay."""
