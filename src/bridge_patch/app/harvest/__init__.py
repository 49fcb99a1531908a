"""The exits on recorded markets: what they were worth, and what a crash did to them."""
