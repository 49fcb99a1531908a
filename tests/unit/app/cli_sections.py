"""What `docs/cli.md` says of each command, and the lines that are typed for it."""

from __future__ import annotations

from dataclasses import dataclass

from tests.unit.app.story import ACCEPTED, CLAMPED, PARTIAL, REFUSED
from tests.unit.app.story_files import POISONED

ENTRY = (
    "signal --symbol BTCUSDT --side buy --confidence 0.8 --margin-usd 200 --leverage 10"
    " --stop-pct 2 --policy scalper --id hand-1"
)


@dataclass(frozen=True)
class Section:
    """A command, what is said about it, and the lines that are typed."""

    name: str
    text: str
    lines: tuple[str, ...]


SECTIONS = (
    Section("demo", "The first thing to run: real bars, no keys.", ("demo --help",)),
    Section("run", "Everything in one process.", ("run --help",)),
    Section(
        "engine",
        "The proposing side as a process of its own; it has no venue.",
        ("engine --help",),
    ),
    Section(
        "execution",
        "The Governor and the orders as a process of their own, over the same folder.",
        ("execution --help",),
    ),
    Section(
        "exits",
        "The exit brain as a process of its own, where EXITS_PROCESS=separate.",
        ("exits --help",),
    ),
    Section(
        "install",
        "Puts the three processes in place as services of systemd"
        " ([deployment](deploy.md)).",
        ("install --help",),
    ),
    Section(
        "check",
        "Reads the settings as a start would. All faults come in one message.",
        ("check --env-file wrong.env",),
    ),
    Section(
        "doctor",
        "Whether all that a run needs is so, each line with its remedy"
        " ([every line](doctor.md)).",
        ("doctor --help",),
    ),
    Section(
        "status",
        "How things stand: a fold of the journal, beside what waits on the bus."
        " Orders whose fate is not known are listed with their age.",
        ("status",),
    ),
    Section(
        "positions adopt",
        "`positions` shows what is open, from the journal: the stop at the venue, where the"
        " trail is (in brackets while it is not active), what the policy waits for, how"
        " long it may still be held, and what it would bring after all costs if it were"
        " closed now. The price is the newest in the journal, with its age. A position that"
        " no stop protects is NAKED, and the exit code 1. What is not ours stands apart.\n"
        "`adopt` makes a position ours that somebody else opened, by the venue's own"
        " numbers; [reconciliation](reconciliation.md#positions-that-somebody-else-opened)"
        " says what follows, and when it is refused.",
        ("positions", "positions --help", "positions adopt --help"),
    ),
    Section(
        "decisions",
        "A line for each intent. `--json` prints one object a line, for `diff` and `jq`.",
        ("decisions", "decisions --verdict reject --last 1"),
    ),
    Section(
        "why",
        "What was asked, what each rule said with its numbers, the setting that governs it"
        " and what would have to change, what was left, and what came of it."
        " A unique beginning of an id is enough.",
        (
            f"why {REFUSED}",
            f"why {CLAMPED}",
            f"why {ACCEPTED}",
            f"why {PARTIAL[:20]}",
            f"why {POISONED}",
            "why e-ai-BTC",
        ),
    ),
    Section(
        "trace",
        "Everything the journal holds about one intent, with the times between steps."
        " With `--symbol` in short, of the newest intents of a symbol.",
        (f"trace {PARTIAL}", "trace --symbol BTCUSDT --last 3"),
    ),
    Section(
        "verify",
        "Walks the whole chain and checks what was signed; `status` only looks at its end"
        " ([audit](audit.md)).",
        ("verify",),
    ),
    Section(
        "export",
        "Parquet files that `verify --dump` checks without the database"
        " ([audit](audit.md)).",
        ("export audit", "verify --dump audit"),
    ),
    Section(
        "report",
        "A run as one page with pictures; [how to read it](report.md).",
        ("report --help",),
    ),
    Section(
        "harvest",
        "The exits over recorded markets, against simpler ones, and in three crashes;"
        " [what was found](harvest.md).",
        ("harvest --help",),
    ),
    Section(
        "drain",
        "What waits for the execution and what will become of it;"
        " [about backlogs](backlog.md).",
        ("drain --help",),
    ),
    Section(
        "archive",
        "Moves old entries of the journal into signed files, which every command reads on;"
        " [about segments](journal.md#old-entries-segments).",
        ("archive --help", "archive --keep-days 90"),
    ),
    Section(
        "signal",
        "Publishes one intent, checked by the codec that will read it."
        " With `--wait` it prints what `why` would.\n"
        "Processes that run apart tell it the data time of a replay. `run` in one process"
        " does not and outruns it: there an entry is mostly too old before it is read; a"
        " close never is.",
        (
            ENTRY,
            "signal --symbol BTCUSDT --side buy --confidence 1.2 --leverage 500",
        ),
    ),
    Section(
        "halt",
        "Opens nothing more until a person resumes; who and why are journaled."
        " Where no execution runs, the next one puts it in force before anything else.\n"
        "With `--flatten` each position of ours is closed at market as well, by the same"
        " reductions that exits use: no limit, state or age stops them. The execution goes"
        " on with it when this command is gone, after a restart and in shadow, until all is"
        " flat or you `resume`. Each position is reported: FLAT with quantity and price, or"
        " why not: TRYING, REFUSED with the venue's code, or UNKNOWN, which is looked up"
        " and not sent again. What is not ours is named and left alone. The exit code is 0"
        " only where all is flat.",
        ("halt --help", 'halt --why "maintenance at noon" --who ann --wait-sec 0'),
    ),
    Section("reduce", "As `halt`, by its milder name.", ("reduce --help",)),
    Section(
        "resume",
        "Lets entries pass again, or with `--symbol` re-arms one that only lost.",
        ("resume --help",),
    ),
    Section(
        "promote",
        "What the journal shows of the shadow runs on a live market, and if that is enough,"
        " a recorded order: live from the next start on. Else what is missing.",
        ("promote --help",),
    ),
    Section(
        "demote",
        "Back to shadow, always: at once where an execution runs, and with the bus down.",
        ("demote --help",),
    ),
    Section(
        "unknown adopt",
        "Orders whose fate nobody knows: `unknown` lists them, `adopt` says that one"
        " filled. [Reconciliation](reconciliation.md) says when to use it.",
        ("unknown", "unknown adopt --help"),
    ),
    Section(
        "unknown close",
        "Says that one never came and never will.",
        ("unknown close --help",),
    ),
    Section(
        "limits diff",
        "Before new limits go into force: does B accept anything that A refuses?"
        " The solver answers with an entry, judged under both, or with a proof that there"
        " is none ([proofs](proofs.md)).",
        ("limits diff --help",),
    ),
    Section(
        "exchange",
        "The simulated exchange for clients of Binance's USD-M futures, on loopback;"
        " needs `bridge-patch[exchange]` ([exchange](exchange.md)).",
        ("exchange --help",),
    ),
    Section(
        "data fetch",
        "Public bars into the cache, with a progress bar on a terminal."
        " What was cut off goes on where it stopped.",
        ("data fetch --symbols BTCUSDT --from 2025-05-05 --to 2025-05-06",),
    ),
)
