"""The refusals of projects, each a sentence that says what to do."""

from zhengtong.kernel.errors import Refusal


class CannotBegin(Refusal):
    """The stage or bundle cannot be begun (again, or not yet)."""


class CannotFile(Refusal):
    """The one form or the one material set is incomplete."""


class CannotActOnJoint(Refusal):
    """The table of the joint case has no arrow from here for this event."""

    code = "illegal_transition"


class CannotAcceptJointly(Refusal):
    """Something is missing before all branches can be accepted together."""


class CannotExtendJoint(Refusal):
    """The joint period was extended before, is over, or the template knows no extension."""


class WaitsForPrerequisite(Refusal):
    """The branch may be reviewed but not decided: the result it rests on has not arrived."""

    code = "waiting_prerequisite"


class CannotDecideAsAgent(Refusal):
    """Who acts for the applicant decides nothing on the applicant's project."""


class CannotVisit(Refusal):
    """The joint visit lacks officers, or its time is taken."""


class CannotImport(Refusal):
    """The workbook has errors: nothing was written."""


class CannotChangeTemplate(Refusal):
    """The draft is not where this act finds it, or somebody who edited it would approve it."""
