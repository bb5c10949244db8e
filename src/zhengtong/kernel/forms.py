"""Forms whose rules are those of an operation: they only read what was typed and show what the operation refused."""

from django import forms

from zhengtong.kernel.errors import Unavailable, ZhengtongError


def number_of(text: str, otherwise: int) -> int:
    """What was sent as a number of a row or place, in plain digits; `otherwise` for anything else (², full-width, too long)."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else otherwise


class OperationForm(forms.Form):
    """A form for one operation; its cleaned data are that operation's arguments."""

    unavailable = False

    def refuse(self, refusal: ZhengtongError) -> None:
        """Show why the operation refused: at the fields it names, else above the form."""
        self.unavailable = isinstance(refusal, Unavailable)
        for field, sentence in refusal.fields.items():
            self.add_error(field if field in self.fields else None, str(sentence))
        if not refusal.fields:
            self.add_error(None, refusal.message)

    @property
    def status(self) -> int:
        """The status of the page that shows the form: 422 when it is shown again with errors, 503 when nothing can be done now, else 200."""
        if self.unavailable:
            return Unavailable.status
        return 422 if self.is_bound and self.errors else 200
