"""机构 Organisations: the county's bodies, their posts and who holds them, names and mergers of the past.

Refuses to own what a body may do: permissions are `security.pmi`, matters are `approvals.matters`.
"""
