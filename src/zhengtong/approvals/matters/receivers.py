"""Keeps search in step with the catalogue."""

from zhengtong.approvals.matters.events import MatterPublished, MatterRetired
from zhengtong.approvals.matters.models import Matter
from zhengtong.approvals.matters.queries import guide_url
from zhengtong.foundation.events.public import Envelope, receives
from zhengtong.foundation.search import public as search

KIND = "matter"


@receives(MatterPublished, name="matters.index")
def index(envelope: Envelope) -> None:
    """Make the version in force findable, by its plain words too."""
    matter = Matter.objects.select_related("current", "department").get(pk=envelope.event.matter_id)  # type: ignore[attr-defined]
    if matter.current is None:
        return
    elements = matter.current.elements
    search.index(
        kind=KIND,
        object_id=matter.key,
        title=elements.name,
        title_en=elements.name_en,
        body="\n".join([*elements.conditions, elements.result.name, *(m.name for m in elements.materials)]),
        keywords=(*elements.synonyms, *elements.themes_natural, *elements.themes_legal, elements.basic_code),
        url=guide_url(matter.key),
        organization_id=matter.department_id,
        weight=0.6 if elements.guidance_only else 1.0,
    )


@receives(MatterRetired, name="matters.forget")
def forget(envelope: Envelope) -> None:
    """Take a matter that is no longer handled out of search."""
    search.forget(kind=KIND, object_id=envelope.event.key)  # type: ignore[attr-defined]
