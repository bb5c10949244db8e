"""The door of PKI: keys of purposes, certificates of holders, chains, posts for a day."""

from zhengtong.security.pki.attributes import Post
from zhengtong.security.pki.ceremony import Plan
from zhengtong.security.pki.ceremony import builtin as builtin_ceremony
from zhengtong.security.pki.ceremony import read as read_ceremony
from zhengtong.security.pki.guards import install as install_guards
from zhengtong.security.pki.guards import lift as lift_guards
from zhengtong.security.pki.operations import (
    CannotIssue,
    CannotRevoke,
    Kept,
    ask_for_official,
    department_key,
    hold_ceremony,
    issue_for_department,
    issue_for_node,
    issue_for_official,
    issue_post,
    keep_for_official,
    official_key,
    publish_lists,
    revoke,
)
from zhengtong.security.pki.queries import (
    NoCeremony,
    certificate,
    chain,
    chain_of,
    check_post,
    issued,
    list_is_ours,
    official_certificate,
    official_signer,
    proof_of,
    signer,
    trust,
    trust_list,
    verify_chain,
)
from zhengtong.security.pki.stores import CannotKeep, KeyUnavailable, forget
from zhengtong.security.pki.verifier import NotTrusted, Trust

__all__ = [
    "CannotIssue",
    "CannotKeep",
    "CannotRevoke",
    "Kept",
    "KeyUnavailable",
    "NoCeremony",
    "NotTrusted",
    "Plan",
    "Post",
    "Trust",
    "ask_for_official",
    "builtin_ceremony",
    "certificate",
    "chain",
    "chain_of",
    "check_post",
    "department_key",
    "forget",
    "hold_ceremony",
    "install_guards",
    "issue_for_department",
    "issue_for_node",
    "issue_for_official",
    "issue_post",
    "issued",
    "keep_for_official",
    "list_is_ours",
    "lift_guards",
    "official_certificate",
    "official_key",
    "official_signer",
    "proof_of",
    "publish_lists",
    "read_ceremony",
    "revoke",
    "signer",
    "trust",
    "trust_list",
    "verify_chain",
]
