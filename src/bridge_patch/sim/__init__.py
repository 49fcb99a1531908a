"""An exchange, pure: filling, margin, funding and liquidation as functions."""
