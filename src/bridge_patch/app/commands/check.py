"""`check`: the settings in force and where each came from, or every fault in them."""

from __future__ import annotations

from bridge_patch.app.commands.options import CheckOptions
from bridge_patch.app.faults import SettingsError
from bridge_patch.app.forms import written
from bridge_patch.app.screen import cell, console, print_json, print_table, table
from bridge_patch.app.settings import ROWS, Loaded, read_settings


def check(options: CheckOptions) -> int:
    """Show settings, notices and the limits' hash; secrets stay masked."""
    try:
        loaded = read_settings(env_file=options.env_file)
    except SettingsError as e:
        if not options.as_json:
            raise
        print_json({"ok": False, "faults": list(e.faults)})
        return 2
    if options.as_json:
        _print_object(loaded)
    else:
        _print_table(loaded)
    return 0


def _shown(loaded: Loaded) -> dict[str, str]:
    return {row.name: written(getattr(loaded.settings, row.name.lower())) for row in ROWS}


def _print_object(loaded: Loaded) -> None:
    shown = _shown(loaded)
    settings = {
        name: {"value": value, "origin": loaded.origins[name]}
        for name, value in shown.items()
    }
    print_json(
        {
            "ok": True,
            "limits_hash": loaded.settings.limits().digest(),
            "notices": list(loaded.settings.notices()),
            "settings": settings,
        }
    )


def _print_table(loaded: Loaded) -> None:
    shown = _shown(loaded)
    made = table("setting", "value", "unit", "from")
    for row in ROWS:
        origin = loaded.origins[row.name]
        style = "" if origin == "default" else "bold"
        cells = (row.name, shown[row.name], row.unit, origin)
        made.add_row(*(cell(text, style) for text in cells))
    print_table(made)
    screen = console()
    for notice in loaded.settings.notices():
        screen.print(cell(f"note: {notice}"))
    screen.print(cell(f"limits hash {loaded.settings.limits().digest()}"))
    screen.print(cell("settings are complete and do not contradict each other"))
