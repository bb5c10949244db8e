"""Put things into the index, take them out, keep the county's synonyms."""

from collections.abc import Iterable

from django.db import transaction

from zhengtong.foundation.search import engines, words
from zhengtong.foundation.search.analysis import pinyin
from zhengtong.foundation.search.models import Document, Synonym

LONGEST_BODY = 12000


@transaction.atomic
def index(
    *,
    kind: str,
    object_id: int | str,
    title: str,
    url: str,
    title_en: str = "",
    body: str = "",
    keywords: Iterable[str] = (),
    audience: str = Document.PUBLIC,
    organization_id: int | None = None,
    weight: float = 1.0,
) -> None:
    """Make a thing findable, or bring what is findable up to date. Part of the transaction of the change.

    `keywords` are other words for it (plain words, former names, codes). Never put personal data into a public entry.
    """
    document, _created = Document.objects.update_or_create(
        kind=kind,
        object_id=str(object_id),
        defaults={
            "title": title[:200],
            "title_en": title_en[:300],
            "keywords": " ".join(keywords),
            "body": body[:LONGEST_BODY],
            "url": url,
            "audience": audience,
            "organization_id": organization_id,
            "weight": weight,
        },
    )
    _write(document)


def _write(document: Document) -> None:
    audiences = {Document.OFFICIAL, document.audience}
    fields = engines.Fields(
        title=f"{document.title} {document.title_en}",
        keywords=document.keywords,
        pinyin=pinyin(document.title),
        body=document.body,
        facets=(*map(engines.audience_facet, sorted(audiences)), engines.kind_facet(document.kind)),
    )
    engines.index().put(document.pk, fields)


@transaction.atomic
def forget(*, kind: str, object_id: int | str) -> None:
    """Make a thing impossible to find. Nothing happens when it was not in the index."""
    for document in Document.objects.filter(kind=kind, object_id=str(object_id)):
        engines.index().drop(document.pk)
        document.delete()


@transaction.atomic
def rebuild() -> int:
    """Write the whole index afresh from its documents (after a restore, or a new analysis); the number written."""
    written = 0
    for document in Document.objects.iterator(chunk_size=500):
        _write(document)
        written += 1
    return written


@transaction.atomic
def add_synonym(*, plain: str, official: str) -> None:
    """Let people who type `plain` find `official`."""
    Synonym.objects.get_or_create(plain=plain.strip(), official=official.strip())
    words.forget_synonyms()
