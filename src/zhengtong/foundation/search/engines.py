"""The index in the database at hand: FTS5 in SQLite, a tsvector with GIN in PostgreSQL. Same tokens, same answers.

Tokens are made in Python (`analysis`) and given to the database as they are, so that neither its tokenizer, its
locale nor an extension plays a part. Facets (who may see it, its kind) are tokens too: a search for the public
never walks through the rows of officials.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError, connection

from zhengtong.foundation.search.analysis import pairs, tokens

Phrase = str
AnyOf = tuple[Phrase, ...]


@dataclass(frozen=True)
class Wanted:
    """A query: `whole` (all runs, as typed) or else every one of `pieces` (each a choice of phrases)."""

    whole: tuple[Phrase, ...]
    pieces: tuple[AnyOf, ...] = ()


@dataclass(frozen=True)
class Fields:
    """The texts of one thing, in order of weight."""

    title: str
    keywords: str
    pinyin: str
    body: str
    facets: tuple[str, ...]


def audience_facet(audience: str) -> str:
    """The token that marks what `audience` may find."""
    return f"for{audience}"


def kind_facet(kind: str) -> str:
    """The token that marks a kind."""
    return "kind" + "".join(c for c in kind if c.isalnum())


class SqliteIndex:
    """FTS5 with the `ascii` tokenizer, which leaves every non-ASCII character alone and splits at spaces."""

    def create(self) -> None:
        """Make the table when it is not there."""
        self._run(
            "CREATE VIRTUAL TABLE IF NOT EXISTS search_index USING fts5"
            "(title, keywords, pinyin, body, facets, tokenize='ascii')"
        )

    def put(self, pk: int, fields: Fields) -> None:
        """Write or replace one row."""
        texts = [" ".join(tokens(text)) for text in (fields.title, fields.keywords, fields.pinyin, fields.body)]
        self._run(
            "INSERT OR REPLACE INTO search_index(rowid, title, keywords, pinyin, body, facets)"
            " VALUES (%s,%s,%s,%s,%s,%s)",
            [pk, *texts, " ".join(fields.facets)],
        )

    def drop(self, pk: int) -> None:
        """Remove one row."""
        self._run("DELETE FROM search_index WHERE rowid = %s", [pk])

    def matching(self, expression: str, where: str, params: Sequence[object], limit: int, offset: int) -> list[int]:
        """Ids of the best matches, best first."""
        sql = (
            "SELECT d.id FROM search_index JOIN search_document d ON d.id = search_index.rowid"  # noqa: S608
            f" WHERE search_index MATCH %s {where}"
            " ORDER BY bm25(search_index, 10.0, 6.0, 2.0, 1.0, 0.0) * d.weight, d.id LIMIT %s OFFSET %s"
        )
        return [row[0] for row in self._run(sql, [expression, *params, limit, offset])]

    def count(self, expression: str, where: str, params: Sequence[object]) -> int:
        """How many match."""
        sql = (
            "SELECT count(*) FROM search_index JOIN search_document d ON d.id = search_index.rowid"  # noqa: S608
            f" WHERE search_index MATCH %s {where}"
        )
        return int(self._run(sql, [expression, *params])[0][0])

    def wanted(self, wanted: Wanted, facets: Iterable[AnyOf], *, titles_only: bool = False) -> str:
        """The expression for a query, narrowed to facets."""
        choices = [" AND ".join(map(self._phrase, wanted.whole))]
        if wanted.pieces:
            choices.append(" AND ".join("(" + " OR ".join(map(self._phrase, any_of)) + ")" for any_of in wanted.pieces))
        return self._narrowed(" OR ".join(f"({choice})" for choice in choices), facets, titles_only)

    def overlapping(self, wanted: Iterable[str], facets: Iterable[AnyOf]) -> str:
        """The expression for anything that shares a pair with the query."""
        return self._narrowed(" OR ".join(f'"{pair}"' for pair in wanted), facets, titles_only=True)

    def _narrowed(self, expression: str, facets: Iterable[AnyOf], titles_only: bool) -> str:
        columns = "{title keywords pinyin}" if titles_only else "{title keywords pinyin body}"
        narrowed = [f"({columns} : ({expression}))"]
        narrowed += ["(facets : (" + " OR ".join(any_of) + "))" for any_of in facets]
        return " AND ".join(narrowed)

    @staticmethod
    def _phrase(run: str) -> str:
        return f'"{run}" *' if len(run) == 1 else '"' + " ".join(pairs(run)) + '"'

    @staticmethod
    def _run(sql: str, params: Sequence[Any] = ()) -> list[tuple[int]]:
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            return cursor.fetchall() if sql.startswith("SELECT") else []


class PostgresIndex(SqliteIndex):
    """A tsvector written as a literal (lexemes with positions and weights), with a GIN index."""

    LONGEST = 16000  # a tsvector knows positions up to 16383

    def create(self) -> None:
        """Make the table and its index when they are not there."""
        self._run("CREATE TABLE IF NOT EXISTS search_index (id bigint PRIMARY KEY, vector tsvector NOT NULL)")
        self._run("CREATE INDEX IF NOT EXISTS search_index_gin ON search_index USING gin (vector)")

    def put(self, pk: int, fields: Fields) -> None:
        """Write or replace one row."""
        self._run(
            "INSERT INTO search_index(id, vector) VALUES (%s, %s::tsvector)"
            " ON CONFLICT (id) DO UPDATE SET vector = excluded.vector",
            [pk, self._vector(fields)],
        )

    def drop(self, pk: int) -> None:
        """Remove one row."""
        self._run("DELETE FROM search_index WHERE id = %s", [pk])

    def matching(self, expression: str, where: str, params: Sequence[object], limit: int, offset: int) -> list[int]:
        """Ids of the best matches, best first."""
        sql = (
            "SELECT d.id FROM search_index i JOIN search_document d ON d.id = i.id"  # noqa: S608
            f" WHERE i.vector @@ %s::tsquery {where}"
            " ORDER BY ts_rank('{0.05,0.1,0.4,1.0}', i.vector, %s::tsquery) * d.weight DESC, d.id LIMIT %s OFFSET %s"
        )
        return [row[0] for row in self._run(sql, [expression, *params, expression, limit, offset])]

    def count(self, expression: str, where: str, params: Sequence[object]) -> int:
        """How many match."""
        sql = (
            "SELECT count(*) FROM search_index i JOIN search_document d ON d.id = i.id"  # noqa: S608
            f" WHERE i.vector @@ %s::tsquery {where}"
        )
        return int(self._run(sql, [expression, *params])[0][0])

    def wanted(self, wanted: Wanted, facets: Iterable[AnyOf], *, titles_only: bool = False) -> str:
        """The expression for a query, narrowed to facets."""
        labels = "ABC" if titles_only else ""
        choices = [" & ".join(self._lexemes(run, labels) for run in wanted.whole)]
        if wanted.pieces:
            every = ("(" + " | ".join(self._lexemes(p, labels) for p in any_of) + ")" for any_of in wanted.pieces)
            choices.append(" & ".join(every))
        return self._and_facets(" | ".join(f"({choice})" for choice in choices), facets)

    def overlapping(self, wanted: Iterable[str], facets: Iterable[AnyOf]) -> str:
        """The expression for anything that shares a pair with the query."""
        return self._and_facets(" | ".join(f"'{pair}':ABC" for pair in wanted), facets)

    @staticmethod
    def _and_facets(expression: str, facets: Iterable[AnyOf]) -> str:
        return " & ".join([f"({expression})", *("(" + " | ".join(any_of) + ")" for any_of in facets)])

    @staticmethod
    def _lexemes(run: str, labels: str) -> str:
        if len(run) == 1:
            return f"'{run}':*{labels}"
        suffix = f":{labels}" if labels else ""
        return "(" + " <-> ".join(f"'{pair}'{suffix}" for pair in pairs(run)) + ")"

    def _vector(self, fields: Fields) -> str:
        places: dict[str, list[str]] = {}
        position = 0
        for text, label in ((fields.title, "A"), (fields.keywords, "B"), (fields.pinyin, "C"), (fields.body, "D")):
            position += 1
            for token in tokens(text):
                position += 1
                if position <= self.LONGEST:
                    places.setdefault(token, []).append(f"{position}{label}")
        lexemes = [f"'{token}':{','.join(found[:250])}" for token, found in places.items()]
        return " ".join([*lexemes, *(f"'{facet}'" for facet in fields.facets)])


def index() -> SqliteIndex:
    """The index of the database in use."""
    if connection.vendor == "postgresql":
        return PostgresIndex()
    if connection.vendor == "sqlite":
        return SqliteIndex()
    raise DatabaseError(f"search has no index for {connection.vendor}")
