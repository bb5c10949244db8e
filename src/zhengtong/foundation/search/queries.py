"""Find things, and suggest what somebody may be typing."""

from collections.abc import Collection

from django.db import connection
from django.utils.translation import get_language

from zhengtong.foundation.search import engines, words
from zhengtong.foundation.search.analysis import pairs, runs
from zhengtong.foundation.search.engines import AnyOf, Wanted
from zhengtong.foundation.search.models import Document
from zhengtong.foundation.search.values import Hit, Results

SNIPPET = 90
CANDIDATES = 200
ENOUGH_IN_COMMON = 0.4
ENOUGH_IN_COMMON_LATIN = 0.7  # pairs of Latin letters are common to everything


def find(
    text: str,
    *,
    kinds: Collection[str] | None = None,
    audience: str = Document.PUBLIC,
    organization_ids: Collection[int] | None = None,
    limit: int = 20,
    offset: int = 0,
) -> Results:
    """What matches `text`, best first: titles before keywords before the body.

    Three queries, whatever is found; when nothing matches, what has enough pairs of characters in common
    (`approximate`). `audience` "official" sees public entries too; `organization_ids` narrows entries that belong to a
    body to these bodies.
    """
    wanted = words.understand(text)
    if wanted is None:
        return Results()
    facets = _facets(audience, kinds)
    where, params = _of_bodies(organization_ids)
    index = engines.index()
    expression = index.wanted(wanted, facets)
    ids = index.matching(expression, where, params, limit, offset)
    if ids or offset:
        return Results(index.count(expression, where, params), _hits(ids, wanted))
    ids = _alike(wanted, facets, where, params)
    return Results(len(ids), _hits(ids[:limit], wanted), approximate=bool(ids))


def suggest(text: str, *, audience: str = Document.PUBLIC, limit: int = 8) -> list[Hit]:
    """Titles that somebody typing `text` (characters, pinyin or its initials) may mean; two queries."""
    wanted = words.understand(text)
    if wanted is None:
        return []
    index = engines.index()
    expression = index.wanted(wanted, _facets(audience, None), titles_only=True)
    return _hits(index.matching(expression, "", [], limit, 0), wanted)


def _facets(audience: str, kinds: Collection[str] | None) -> list[AnyOf]:
    facets: list[AnyOf] = [(engines.audience_facet(audience),)]
    if kinds:
        facets.append(tuple(map(engines.kind_facet, kinds)))
    return facets


def _of_bodies(organization_ids: Collection[int] | None) -> tuple[str, list[object]]:
    if organization_ids is None:
        return "", []
    places = ", ".join(["%s"] * len(organization_ids)) or "NULL"
    return f"AND (d.organization_id IS NULL OR d.organization_id IN ({places}))", list(organization_ids)


def _alike(wanted: Wanted, facets: list[AnyOf], where: str, params: list[object]) -> list[int]:
    """Ids of what shares enough pairs with the query, most alike first: a typing error spoils two pairs, not all."""
    asked = words.pairs_of(wanted)
    index = engines.index()
    ids = index.matching(index.overlapping(sorted(asked), facets), where, params, CANDIDATES, 0)
    enough = ENOUGH_IN_COMMON_LATIN if all(pair.isascii() for pair in asked) else ENOUGH_IN_COMMON
    texts = Document.objects.filter(pk__in=ids).values_list("pk", "title", "keywords", "title_en")
    scored = [(_in_common(asked, " ".join(row[1:])), row[0]) for row in texts]
    return [pk for score, pk in sorted(scored, key=lambda pair: (-pair[0], pair[1])) if score >= enough]


def _in_common(asked: set[str], text: str) -> float:
    there = {pair for run in runs(text) for pair in pairs(run)}
    return len(asked & there) / len(asked)


def _hits(ids: list[int], wanted: Wanted) -> list[Hit]:
    english = (get_language() or "").startswith("en")
    rows = Document.objects.in_bulk(ids)
    marks = tuple(dict.fromkeys((*wanted.whole, *(phrase for any_of in wanted.pieces for phrase in any_of))))
    return [
        Hit(
            kind=row.kind,
            object_id=row.object_id,
            title=(english and row.title_en) or row.title,
            snippet=_snippet(row.body, marks),
            url=row.url,
            words=marks,
        )
        for row in (rows[pk] for pk in ids if pk in rows)
    ]


def _snippet(body: str, marks: tuple[str, ...]) -> str:
    """The part of the body in which the query stands, or its beginning."""
    flat = " ".join(body.split())
    places = [at for at in (flat.lower().find(word) for word in marks) if at >= 0]
    start = max(0, min(places, default=0) - SNIPPET // 3)
    end = start + SNIPPET
    return ("…" if start else "") + flat[start:end] + ("…" if end < len(flat) else "")


def is_ready() -> bool:
    """True when the index exists in this database."""
    return "search_index" in connection.introspection.table_names()
