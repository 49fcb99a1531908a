"""The env file is read as systemd reads it, and what systemd would misread is a fault."""

from pathlib import Path

import pytest

from bridge_patch.app.envfile import EnvFile, read_env_file


def read(tmp_path: Path, text: str | bytes) -> EnvFile:
    path = tmp_path / "x.env"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_env_file(path)


def pairs(file: EnvFile) -> list[tuple[str, str]]:
    return [(a.name, a.value) for a in file.assignments]


def test_it_opens_a_plain_file(tmp_path: Path) -> None:
    """A reader that only faults would pass every other test here."""
    file = read(tmp_path, "# a comment\n\n; another\n  # indented\nA=1\nB=two words\n")

    assert file.faults == ()
    assert pairs(file) == [("A", "1"), ("B", "two words")]
    assert [a.line for a in file.assignments] == [5, 6]


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ('A="1"', "1"),
        ("A='1'", "1"),
        ('A=" live"', " live"),
        ("A='it is \"so\"'", 'it is "so"'),
        ('A="80 # kept"', "80 # kept"),
        ("A=a#b", "a#b"),
        ("A=x=y", "x=y"),
        ("A=", ""),
        ('A=""', ""),
    ],
)
def test_a_value_is_what_systemd_takes(line: str, value: str, tmp_path: Path) -> None:
    """An empty value is taken as empty: that it is a fault, the settings say."""
    file = read(tmp_path, line + "\n")

    assert file.faults == ()
    assert pairs(file) == [("A", value)]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("A=80.5 # most", "a comment behind the value"),
        ("A=80.5\t;most", "a comment behind the value"),
        ("A= live", "spaces before it"),
        ("A=live ", "spaces behind it"),
        ("A =1", "without spaces around the ="),
        (" A=1", "without spaces around the ="),
        ("export A=1", "the word export"),
        ("A", "a line without ="),
        ("=1", "no name"),
        ("A-B=1", "NAME=value"),
        ('A="1" # most', "nothing behind the closing quote"),
        ('A="1', "unpaired quotes"),
        ('A="', "unpaired quotes"),
        ('A="1"2"', "unpaired quotes"),
        ('A=1"', "quotes inside it"),
        ("A=$HOME/var", "nobody expands"),
        ("A=`id`", "nobody expands"),
        ("A=one\\", "backslash"),
        ("# a comment that goes on \\", "backslash at its end"),
        ("A=a\x1b[31mb", "control character"),
    ],
)
def test_what_systemd_would_misread_is_a_named_fault(
    line: str, says: str, tmp_path: Path
) -> None:
    file = read(tmp_path, f"Z=1\n{line}\n")

    assert pairs(file) == [("Z", "1")]
    assert len(file.faults) == 1
    assert says in str(file.faults[0])
    assert "x.env line 2)" in file.faults[0].name


def test_a_name_twice_is_a_fault_even_with_one_value(tmp_path: Path) -> None:
    """Systemd takes the last one; a person reads the first."""
    file = read(tmp_path, "A=1\nB=2\nA=1\n")

    assert len(file.faults) == 1
    assert "line 3" in str(file.faults[0])
    assert "line 1" in str(file.faults[0])
    assert file.misread == {"A"}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"A=1\r\nB=2\r\n", "CR (Windows lines)"),
        (b"\xef\xbb\xbfA=1\nB=2\n", "byte order mark"),
        (b"# a \0 comment\nA=1\nB=2\n", "a zero byte"),
    ],
)
def test_a_foreign_editor_is_named_once_and_the_rest_is_still_read(
    content: bytes, says: str, tmp_path: Path
) -> None:
    """Other faults must show in the same message, not after the next try."""
    file = read(tmp_path, content)

    assert len(file.faults) == 1
    assert says in str(file.faults[0])
    assert pairs(file) == [("A", "1"), ("B", "2")]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"A=\xff\n", "byte 2 is not"),
        (b"A=1\n" * 300_000, "a larger file"),
    ],
)
def test_a_file_that_is_no_settings_file_is_one_fault(
    content: bytes, says: str, tmp_path: Path
) -> None:
    file = read(tmp_path, content)

    assert file.assignments == ()
    assert [says in str(fault) for fault in file.faults] == [True]


def test_a_file_that_cannot_be_read_is_a_fault_with_its_name(tmp_path: Path) -> None:
    """An unreadable file never means the defaults."""
    missing = read_env_file(tmp_path / "none.env")
    directory = read_env_file(tmp_path)

    assert "none.env" in str(missing.faults[0])
    assert "no such file or directory" in str(missing.faults[0])
    assert "is a directory" in str(directory.faults[0])


@pytest.mark.parametrize(
    "line",
    [
        "c2VjcmV0c2VjcmV0+9/x==",
        "c2VjcmV0c2VjcmV0OXg= ",
        "JBSWY3DPEHPK3PXP =",
        "5F4DCC3B-5AA765D6=x",
        "sk_live_51secret= x",
    ],
)
def test_a_secret_on_a_line_of_its_own_is_no_name_to_show(
    line: str, tmp_path: Path
) -> None:
    """An editor folds a long key, and padding looks like the = behind a name."""
    file = read(tmp_path, f"{line}\n")
    told = str(file.faults[0])

    assert "x.env line 1)" in told
    assert not any(line[i : i + 4] in told for i in range(8))


def test_a_fault_does_not_show_the_value(tmp_path: Path) -> None:
    """The misread line may be the one with the key in it."""
    file = read(tmp_path, 'API_KEY ="abc123"\nexport API_SECRET=abc123\nTOKEN=abc123 # x\n')

    assert len(file.faults) == 3
    assert "abc123" not in "".join(map(str, file.faults))
