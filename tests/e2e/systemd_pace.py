"""Lets the exchange's time be the wall's, with a mark five times in a second.

As a script in the machine: `systemd_pace.py BASE SYMBOLS KEY`. The data has minutes, and
the limits as they are shipped want marks of two seconds: between two closes the last
stands.
"""

import json
import sys
import time
import urllib.request
from typing import Any

STEP_SEC = 0.2
MINUTE_MS = 60_000


def asked(url: str, key: str, body: object = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    made = urllib.request.Request(url, data, {"X-MBX-APIKEY": key})  # noqa: S310 - loopback
    with urllib.request.urlopen(made, timeout=30) as answer:  # noqa: S310 - as above
        return json.load(answer)


def standing(symbol: str, price: str, now_ms: int) -> dict[str, object]:
    """Return a bar of one millisecond in which nothing moved."""
    prices = dict.fromkeys(("open", "high", "low", "close"), price)
    times = {"open_ms": now_ms - 1, "close_ms": now_ms}
    return {"symbol": symbol, "volume": "1", **prices, **times}


def pace(base: str, symbols: list[str], key: str) -> None:
    """Advance the exchange for ever."""
    isolated = dict.fromkeys(symbols, "ISOLATED")
    asked(f"{base}/sim/faults", key, {"account": {"margin_types": isolated}})
    minute, marks = 0, []
    while True:
        now_ms = time.time_ns() // 1_000_000
        asked(f"{base}/sim/advance", key, {"to_ms": now_ms})
        if now_ms // MINUTE_MS > minute:
            minute, marks = now_ms // MINUTE_MS, asked(f"{base}/fapi/v1/premiumIndex", key)
        bars = [standing(m["symbol"], m["markPrice"], now_ms) for m in marks]
        asked(f"{base}/sim/tick", key, {"at_ms": now_ms, "bars": bars})
        time.sleep(STEP_SEC)


if __name__ == "__main__":
    pace(sys.argv[1], sys.argv[2].split(","), sys.argv[3])
