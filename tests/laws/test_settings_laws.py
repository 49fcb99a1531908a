"""Laws of settings: any text is a value or a fault, and never anything in between."""

from decimal import ROUND_CEILING, Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import example, given
from hypothesis import strategies as st

from bridge_patch.app.envfile import read_env_file
from bridge_patch.app.forms import written
from bridge_patch.app.settings import ROWS, Settings, SettingsError, load_settings
from bridge_patch.domain.secret import Secret

NAMES = [row.name for row in ROWS]
#: Values near valid ones as well as wild ones; an environment holds no NUL.
values = st.one_of(
    st.text(st.characters(exclude_characters="\0")),
    st.decimals(min_value=-10, max_value=200, places=2).map(str),
    st.sampled_from(["true", "false", "live", "shadow", "none", "paper", "json", "clamp"]),
)


def outcome(env: dict[str, str]) -> Settings | SettingsError:
    try:
        return load_settings(env)
    except SettingsError as e:
        return e


@given(name=st.sampled_from(NAMES), value=values)
@example(name="VENUE_API_KEY", value="0")
@example(name="VENUE_API_SECRET", value="0")
@example(name="VENUE", value="binance")
def test_a_value_is_taken_as_written_or_is_one_fault_about_it(
    name: str, value: str
) -> None:
    """A secret is taken to the letter too, and written as nothing but that there is one."""
    settings = outcome({name: value})
    if isinstance(settings, SettingsError):
        assert settings.faults
        assert all(name in fault and "\n" not in fault for fault in settings.faults)
        return
    taken = getattr(settings, name.lower())
    if isinstance(taken, Decimal):
        assert taken == Decimal(value)
    elif isinstance(taken, Secret):
        assert taken.reveal() == value
        assert written(taken) == "Secret(***)"
    else:
        assert Path(written(taken)) == Path(value)


@given(
    low=st.decimals(min_value=1, max_value=125, places=1),
    high=st.decimals(min_value=1, max_value=125, places=1),
)
def test_leverage_bounds_load_exactly_if_a_whole_leverage_lies_between(
    low: Decimal, high: Decimal
) -> None:
    env = {"AI_MIN_LEVERAGE": str(low), "AI_MAX_LEVERAGE": str(high)}
    settings = outcome(env)
    if isinstance(settings, SettingsError):
        assert low.to_integral_value(ROUND_CEILING) > high
        return
    limits = settings.limits()
    assert (limits.leverage_min, limits.leverage_max) == (low, high)
    assert low.to_integral_value(ROUND_CEILING) <= high


@given(value=st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_an_env_file_gives_the_very_value_or_a_fault(value: str) -> None:
    """What a reader mends silently, somebody meant otherwise."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "x.env"
        path.write_text(f'A="{value}"\n', encoding="utf-8", newline="")
        file = read_env_file(path)

    assert file.faults or [a.value for a in file.assignments] == [value]
