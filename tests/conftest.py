"""How every test runs: properties are repeatable unless the night is asked for."""

from hypothesis import HealthCheck, settings

# Laws take their number of examples from the profile and never set it themselves, so
# that `pytest tests/laws --hypothesis-profile=nightly` really is the longer run.
settings.register_profile(
    "ci",
    max_examples=200,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
)
settings.register_profile(
    "nightly",
    max_examples=50_000,
    derandomize=False,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
)
settings.load_profile("ci")
