"""The wire, room by room; `adapters.codec` is its one door."""
