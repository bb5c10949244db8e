"""Who may change what on accounts, enterprises and mandates: one-line predicates."""

from datetime import date

from zhengtong.security.accounts.models import Enterprise, EnterpriseMember, Mandate, User

HEADS = ("legal", "manager")


def is_system(by: User | None) -> bool:
    """The county's own programs (seeding, imports)."""
    return by is None


def is_official(by: User | None) -> bool:
    """Staff; which staff is decided by `pmi` on the route."""
    return by is not None and by.is_active and by.is_official


def heads(by: User | None, enterprise: Enterprise, on: date) -> bool:
    """The legal representative or a manager of the enterprise."""
    if by is None:
        return False
    held = EnterpriseMember.objects.filter(enterprise=enterprise, user=by, capacity__in=HEADS)
    return any(member.in_force(on) for member in held)


def may_manage_members(by: User | None, enterprise: Enterprise, on: date) -> bool:
    """Members are managed by the enterprise's heads, at a window by staff."""
    return is_system(by) or is_official(by) or heads(by, enterprise, on)


def may_empower(by: User | None, user: User | None, enterprise: Enterprise | None, on: date) -> bool:
    """A mandate is given by the principal alone: the person, or a head of the enterprise; at a window staff record
    the paper.
    """
    if is_system(by) or is_official(by):
        return True
    return by == user if enterprise is None else heads(by, enterprise, on)


def may_revoke(by: User | None, mandate: Mandate, on: date) -> bool:
    """Whoever could give the mandate, and the agent who lays it down. 民法典 第一百七十三条."""
    if by is not None and by.pk == mandate.agent_id:
        return True
    return may_empower(by, mandate.principal_user, mandate.principal_enterprise, on)
