"""docs/signal.md says what the code does, and its figures are what its command prints."""

import re
import subprocess
import sys
from pathlib import Path

from bridge_patch.policy.baseline import BASELINE_VERSION, HOLD_MS
from bridge_patch.policy.calibration import BINS, OUTCOMES_KEPT, OUTCOMES_MIN, REFIT_MS
from bridge_patch.policy.momentum import LOOKBACKS_MS, TILT, Z_MAX
from bridge_patch.policy.reliability import FORECASTS_MIN, Z_ONE_SIDED
from bridge_patch.policy.signal import SIGNAL_NAME, Abstention
from bridge_patch.policy.volatility_gate import GATE_HALF_LIVES_MS
from tests.e2e.harness import MARKET, needs_market

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "signal.md").read_text()


def test_every_objection_stands_on_the_page_in_its_order() -> None:
    told = re.findall(r"^\| `([A-Z_]+)` \|", PAGE, re.MULTILINE)

    assert told == list(Abstention)


def test_the_page_states_the_constants_of_the_code() -> None:
    assert (BASELINE_VERSION, HOLD_MS, SIGNAL_NAME) == (
        "baseline-1",
        60 * 60_000,
        "momentum-calibrated",
    )
    assert [span // 60_000 for span in LOOKBACKS_MS] == [15, 60, 240]
    assert (TILT, Z_MAX, BINS) == (0.1, 3, 5)
    assert (OUTCOMES_MIN, OUTCOMES_KEPT, FORECASTS_MIN) == (400, 4000, 400)
    assert (REFIT_MS / 86_400_000, Z_ONE_SIDED) == (7, 1.645)
    assert [span / 3_600_000 for span in GATE_HALF_LIVES_MS] == [2, 12, 72]
    for said in (
        "`baseline-1`",
        "ends 60 minutes",
        "k = 15, 60 and 240 minutes",
        "cut to ±3",
        "Φ(0.1 ×",
        "fewer than 400 outcomes",
        "fewer than 400 forecasts",
        "again every 7 days on the last 4,000",
        "above −1.645",
        "EWMA 2 h,\n12 h, 3 d and Yang-Zhang over a day",
    ):
        assert said in PAGE, said


@needs_market
def test_the_figures_are_what_the_command_prints() -> None:
    """Honest numbers stay honest: the page is wrong the moment the code says otherwise."""
    command = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[0]
    (shown,) = re.findall(r"this prints\n\n```\n(.*?)```", PAGE, re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-c", command, MARKET],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout == shown
