"""The house's SQL: every statement named, explained, parsed by PostgreSQL's own grammar, and laid out alike.

Needs no database, so `make check` runs it. sqlfluff would take a quarter of that command's time for what is here in a
second, and its layout is not ours.
"""

import re
from pathlib import Path

import pglast
import pytest
from pglast import ast, visitors

from db import functions, migrations, queries

PYTHON = [path.read_text() for path in Path(migrations.__file__).parent.glob("*.py")]
FILES = sorted([*queries.FOLDER.glob("*.sql"), *migrations.FOLDER.glob("*.sql"), *functions.FOLDER.glob("*.sql")])
STATEMENT = re.compile(r"^-- name: (?P<name>\w+)\((?P<parameters>[\w, ]*)\)(?P<kind>[!^$]|<!)?$", re.MULTILINE)
RESERVED = {"RESERVED_KEYWORD", "TYPE_FUNC_NAME_KEYWORD"}
WIDTH = 120


def statements() -> list[tuple[str, str]]:
    return [
        (path.stem, piece)
        for path in sorted(queries.FOLDER.glob("*.sql"))
        for piece in re.split(r"^(?=-- name:)", path.read_text(), flags=re.MULTILINE)[1:]
    ]


def parsed(text: str) -> tuple[ast.RawStmt, ...]:
    """Parse what stands in the file; a named parameter becomes a numbered one."""
    return pglast.parse_sql(re.sub(r"(?<![:\w]):(?=[a-z_])\w+", "$1", text))


class Tables(visitors.Visitor):
    """Collects what is named without a schema, and what WITH and AS made."""

    def __init__(self) -> None:
        super().__init__()
        self.bare: set[str] = set()
        self.made: set[str] = set()

    def visit_RangeVar(self, _: object, node: ast.RangeVar) -> None:  # noqa: N802  pglast calls it so
        if node.schemaname is None and not node.relname.startswith("pg_"):
            self.bare.add(node.relname)
        if node.alias is not None:
            self.made.add(node.alias.aliasname)

    def visit_CommonTableExpr(self, _: object, node: ast.CommonTableExpr) -> None:  # noqa: N802  pglast calls it so
        self.made.add(node.ctename)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_is_laid_out_like_its_siblings(path: Path) -> None:
    text = path.read_text()
    assert text.startswith("-- ")
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    for number, line in enumerate(text.splitlines(), 1):
        is_free = line.startswith("-- name:")  # aiosql reads a name from one line
        assert is_free or len(line) <= WIDTH, f"line {number} is {len(line)} wide"
        assert "\t" not in line, f"line {number} has a tab"
        assert line == line.rstrip(), f"line {number} ends in blanks"
    for token in pglast.parser.scan(text):
        word = text.encode()[token.start : token.end + 1].decode()
        is_function = text.encode()[token.end + 1 :][:1] == b"("  # left(...) is no LEFT JOIN
        if token.kind in RESERVED and word not in {"true", "false"} and word.isalpha() and not is_function:
            assert word == word.upper(), f"keyword {word} in small letters"


@pytest.mark.parametrize("path", sorted(queries.FOLDER.glob("*.sql")), ids=lambda path: path.name)
def test_clauses_begin_at_the_left_and_what_belongs_to_them_four_blanks_in(path: Path) -> None:
    for number, line in enumerate(path.read_text().splitlines(), 1):
        assert (len(line) - len(line.lstrip())) % 4 == 0, f"line {number} is indented by no multiple of four"
        assert not re.match(r" *JOIN ", line), f"line {number}: say INNER JOIN"


@pytest.mark.parametrize(("room", "text"), statements(), ids=lambda text: text.partition("(")[0][-40:])
def test_a_statement_has_a_name_a_sentence_and_one_meaning(room: str, text: str) -> None:
    head, *rest = text.rstrip().splitlines()
    found = STATEMENT.match(head)
    assert found, f"{head} is not like `-- name: verb_noun(parameters)`"
    sentence = [line for line in rest if line.startswith("-- ")]
    assert sentence, "no sentence says what it does"
    assert rest[: len(sentence)] == sentence, "the sentence stands between the name and the statement"
    assert sentence[-1].endswith("."), "a sentence ends in a full stop"
    assert text.rstrip().endswith(";")
    (statement,) = parsed(text)
    tables = Tables()
    tables(statement)
    assert not tables.bare - tables.made, "a table is named with its schema: search_path is the server's, not ours"
    assert any(re.search(rf"\.{found['name']}\(", code) for code in PYTHON), "nobody uses it"


def test_no_two_statements_of_a_file_have_one_name() -> None:
    names = [(room, text.partition("(")[0]) for room, text in statements()]
    assert len(names) == len(set(names))


def test_every_file_of_statements_loads() -> None:
    for name in queries.names():
        assert queries.load(name)


def test_migrations_have_unique_numbers_and_parse() -> None:
    files = sorted(migrations.FOLDER.iterdir())
    numbers = [path.name[:5] for path in files]
    assert all(re.fullmatch(r"\d{4}_", number) for number in numbers)
    assert len(set(numbers)) == len(numbers)  # gaps are fine: branches take numbers ahead
    for path in files:
        assert pglast.parse_sql(path.read_text())
