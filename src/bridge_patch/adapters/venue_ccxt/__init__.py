"""A real venue: Binance USDⓈ-M through ccxt, behind the ports of the services."""
