"""Prove everything and write `docs/proofs.md`: `make proofs`.

With names of theorems only those are proved, and no page is written.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Final, final

from bridge_patch.adapters.prover.cases import HYPOTHESES
from bridge_patch.adapters.prover.proof import Proof, Status
from tests.proofs.exceptions import EXCEPTIONS
from tests.proofs.theorems import THEOREMS, Theorem

PAGE: Final = Path(__file__).parents[2] / "docs/proofs.md"
BEGIN: Final = "<!-- theorems: begin, written by make proofs -->"
END: Final = "<!-- theorems: end -->"


@final
@dataclass(frozen=True, kw_only=True)
class Checked:
    """A theorem with the proofs of its instances."""

    theorem: Theorem
    proofs: dict[str, Proof]
    seconds: float

    @property
    def status(self) -> str:
        failed = [p.status for p in self.proofs.values() if p.status is not Status.PROVED]
        return failed[0] if failed else Status.PROVED


def check(theorem: Theorem) -> Checked:
    """Prove each instance and tell what failed, with its example."""
    began, proofs = monotonic(), {}
    for label, prove in theorem.instances():
        proof = proofs[label] = prove()
        if proof.status is not Status.PROVED:
            print(f"{theorem.name} [{label}] {proof.status}\n{proof.example}", flush=True)
    return Checked(theorem=theorem, proofs=proofs, seconds=monotonic() - began)


def main(names: Sequence[str]) -> int:
    """Prove what is named, or all; the answer is an exit code."""
    unknown = [name for name in names if name not in THEOREMS]
    if unknown:
        print(f"no such theorem: {', '.join(unknown)}; there are {', '.join(THEOREMS)}")
        return 2
    done = []
    for name in names or THEOREMS:
        checked = check(THEOREMS[name])
        done.append(checked)
        paths = sum(proof.paths for proof in checked.proofs.values())
        print(
            f"{checked.status:9} {name:13} {len(checked.proofs):4} instances"
            f" {paths:6} paths {checked.seconds:7.1f} s",
            flush=True,
        )
    if not names:
        write(done)
    return 0 if all(checked.status == Status.PROVED for checked in done) else 1


def write(done: Sequence[Checked]) -> None:
    """Put the results between the marks; the words around them stay."""
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    made = "\n".join([*table(done), "", *exceptions(), "", *hypotheses(), "", *alone(done)])
    PAGE.write_text(f"{before}{BEGIN}\n{made}\n{END}{after}")


def table(done: Sequence[Checked]) -> Iterator[str]:
    yield "| theorem | what it says | instances | paths | status | seconds |"
    yield "|---|---|---:|---:|---|---:|"
    for checked in done:
        paths = sum(proof.paths for proof in checked.proofs.values())
        theorem = checked.theorem
        yield (
            f"| `{theorem.name}` | {theorem.says} | {len(checked.proofs)} | {paths}"
            f" | {checked.status} | {checked.seconds:.1f} |"
        )


def exceptions() -> Iterator[str]:
    yield "### Not monotone, by design"
    yield ""
    yield "| rule | worse world | why it may be more lenient |"
    yield "|---|---|---|"
    for (rule, way), why in EXCEPTIONS.items():
        yield f"| `{rule}` | {way} | {why} |"


def hypotheses() -> Iterator[str]:
    yield "### Asked of a case besides"
    yield ""
    for rule, (_, why) in HYPOTHESES.items():
        yield f"- `{rule}`: {why}."


def alone(done: Sequence[Checked]) -> Iterator[str]:
    yield "### Each rule alone"
    yield ""
    yield "| rule | a case that it alone refuses or cuts |"
    yield "|---|---|"
    for checked in done:
        if checked.theorem.name == "alone":
            for rule, proof in checked.proofs.items():
                yield f"| `{rule}` | {proof.example} |"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
