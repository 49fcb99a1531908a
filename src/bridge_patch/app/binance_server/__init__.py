"""The simulated exchange behind Binance's USDⓈ-M surface, on loopback."""
