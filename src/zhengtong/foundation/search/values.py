"""What a search returns."""

from dataclasses import dataclass, field

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString


@dataclass(frozen=True)
class Hit:
    """One thing found. `words` are the phrases that were looked for, to mark them."""

    kind: str
    object_id: str
    title: str
    snippet: str
    url: str
    words: tuple[str, ...] = ()

    @property
    def title_marked(self) -> SafeString:
        """The title with the words found in `<mark>`."""
        return marked(self.title, self.words)

    @property
    def snippet_marked(self) -> SafeString:
        """The snippet with the words found in `<mark>`."""
        return marked(self.snippet, self.words)


@dataclass(frozen=True)
class Results:
    """A page of hits. `approximate` is True when nothing matched exactly and what resembles the query is shown."""

    total: int = 0
    hits: list[Hit] = field(default_factory=list)
    approximate: bool = False


def marked(text: str, words: tuple[str, ...]) -> SafeString:
    """`text`, escaped, with every occurrence of `words` in `<mark>`."""
    lowered = text.lower()
    inside = [False] * len(text)
    if len(lowered) == len(text):
        for word in words:
            at = lowered.find(word)
            while at >= 0:
                inside[at : at + len(word)] = [True] * len(word)
                at = lowered.find(word, at + 1)
    parts: list[tuple[bool, str]] = []
    for character, flag in zip(text, inside, strict=True):
        if parts and parts[-1][0] == flag:
            parts[-1] = (flag, parts[-1][1] + character)
        else:
            parts.append((flag, character))
    return format_html_join("", "{}", ((format_html("<mark>{}</mark>", t) if flag else t,) for flag, t in parts))
