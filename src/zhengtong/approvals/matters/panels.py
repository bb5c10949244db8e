"""The matters of a body on the page of that body."""

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhengtong.approvals.matters import queries
from zhengtong.approvals.matters.models import MatterVersion
from zhengtong.foundation.organizations.models import Organization
from zhengtong.foundation.organizations.public import Panel, PanelLink, register_panel


def note(version: MatterVersion) -> str:
    """How long it takes."""
    return _("承诺{n}个工作日").format(n=version.promised_workdays)


def links(organization: Organization) -> list[PanelLink]:
    """The matters in force that the body handles."""
    found = queries.of_department(organization)
    return [
        PanelLink(m.current.label, reverse("matters:matter", args=[m.key]), note(m.current)) for m in found if m.current
    ]


register_panel(
    Panel("matters", gettext_lazy("办理的事项"), links=links, empty=gettext_lazy("这个机构没有对外办理的事项。"))
)
