"""The door of projects and bundles: operations are called through it as `greenway.accept(…)`."""

from zhengtong.approvals.greenway import adapters
from zhengtong.approvals.greenway.models import (
    Branch,
    JointCase,
    JointClock,
    JointPause,
    Project,
    ProjectEvent,
    SiteVisit,
    Template,
    TemplateVersion,
)
from zhengtong.approvals.greenway.operations.agents import appoint, dismiss
from zhengtong.approvals.greenway.operations.branches import poll, sign_for, write_down_reply
from zhengtong.approvals.greenway.operations.clockwork import extend, fire, reproject_all
from zhengtong.approvals.greenway.operations.filing import accept, judge, notify, submit, supplement
from zhengtong.approvals.greenway.operations.finishing import complete
from zhengtong.approvals.greenway.operations.importing import carry_out, empty_workbook, read_file
from zhengtong.approvals.greenway.operations.opening import (
    answer_branch,
    answer_common,
    answer_situation,
    begin_stage,
    give_material,
    open_project,
)
from zhengtong.approvals.greenway.operations.sharing import common_form, drafts, papers
from zhengtong.approvals.greenway.operations.templates import publish_shipped, publish_template
from zhengtong.approvals.greenway.operations.visits import cancel, candidates, fix, propose, write_record
from zhengtong.approvals.greenway.plans import TemplateDocument, shipped
from zhengtong.approvals.greenway.queries import (
    agents_of,
    by_query_code,
    clocks,
    get,
    get_for,
    ledger,
    of_official,
    of_person,
    open_clocks,
    stage_path,
    template,
    templates,
    unmet,
    whole,
)
from zhengtong.approvals.greenway.states import BranchState, JointKind, JointState
from zhengtong.approvals.greenway.values import Answer, JointClockView

__all__ = [
    "read_file",
    "empty_workbook",
    "carry_out",
    "write_record",
    "propose",
    "fix",
    "candidates",
    "cancel",
    "drafts",
    "common_form",
    "dismiss",
    "appoint",
    "Answer",
    "Branch",
    "BranchState",
    "JointCase",
    "JointClock",
    "JointClockView",
    "JointKind",
    "JointPause",
    "JointState",
    "Project",
    "ProjectEvent",
    "SiteVisit",
    "Template",
    "TemplateDocument",
    "TemplateVersion",
    "accept",
    "adapters",
    "agents_of",
    "answer_branch",
    "answer_common",
    "answer_situation",
    "begin_stage",
    "by_query_code",
    "clocks",
    "complete",
    "extend",
    "fire",
    "get",
    "get_for",
    "give_material",
    "judge",
    "ledger",
    "notify",
    "of_official",
    "of_person",
    "open_clocks",
    "open_project",
    "papers",
    "poll",
    "publish_shipped",
    "publish_template",
    "reproject_all",
    "shipped",
    "sign_for",
    "stage_path",
    "submit",
    "supplement",
    "template",
    "templates",
    "unmet",
    "whole",
    "write_down_reply",
]
