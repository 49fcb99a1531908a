"""AI proposes, Governor disposes: a fail-closed risk gate for AI traders."""
