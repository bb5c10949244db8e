"""A closed language for conditions over declared fields: `floor_area > 150 and format in ['restaurant', 'canteen']`.

    condition = parse("kitchen_area <= floor_area", {"kitchen_area": "number", "floor_area": "number"})
    holds(condition, {"kitchen_area": 20, "floor_area": 80}, today=today)

Item editors in thirty bureaus write these, so nothing here can reach beyond the answers it is given: there are no
attributes, no calls but the listed functions, no loops, and Python's own evaluator is never asked. What nobody answered
is unknown, and unknown spreads as in logic (unknown and false is false); a condition holds only when certainly true.

    literals    12  3.5  '文字'  true  false  date'2026-10-01'  ['a', 'b']
    operators   or and not   = != < <= > >=   in   + - * /   ( )
    functions   empty(f)  count(f)  contains(f, 'x')  today()  age_on(birth, day)  years_between(a, b)  birth_date(id)
    full-width brackets, commas and quotes, and the words 且 或 非 属于, are read as well.
"""

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, DivisionByZero, InvalidOperation, Overflow, localcontext
from functools import lru_cache
from typing import Any, NoReturn

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhengtong.kernel.errors import Invalid

NUMBER, TEXT, BOOLEAN, DATE, LIST, FILE = "number", "text", "boolean", "date", "list", "file"
TYPES: dict[str, Any] = {
    NUMBER: gettext_lazy("数字"),
    TEXT: gettext_lazy("文字"),
    BOOLEAN: gettext_lazy("是或否"),
    DATE: gettext_lazy("日期"),
    LIST: gettext_lazy("多项"),
    FILE: gettext_lazy("文件"),
}
ANY = "any"
LONGEST, DEEPEST = 500, 20
_ARITHMETIC = Context(prec=28, traps=[InvalidOperation, DivisionByZero, Overflow])

FUNCTIONS: dict[str, tuple[tuple[str, ...], str]] = {
    "empty": ((ANY,), BOOLEAN),
    "count": ((LIST,), NUMBER),
    "contains": ((ANY, TEXT), BOOLEAN),
    "today": ((), DATE),
    "age_on": ((DATE, DATE), NUMBER),
    "years_between": ((DATE, DATE), NUMBER),
    "birth_date": ((TEXT,), DATE),
}
"""Name → types of the arguments, type of the result."""

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Node:
    """One operation. `op` is an operator, a function name, `field` or `literal`; `at`: its place in the text."""

    op: str
    type: str
    at: int
    args: tuple["Node", ...] = ()
    value: Any = None


@dataclass(frozen=True)
class Expression:
    """A checked expression. `names`: the fields it looks at."""

    text: str
    root: Node
    names: frozenset[str]

    @property
    def type(self) -> str:
        """What it results in."""
        return self.root.type


def parse(text: str, declared: Mapping[str, str], *, expects: str = BOOLEAN) -> Expression:
    """Read and check an expression over `declared` fields (name → type).

    Raises `Invalid` with `fields["position"]`, counted from 1.
    """
    return _parsed(text, tuple(sorted(declared.items())), expects)


@lru_cache(maxsize=4096)
def _parsed(text: str, declared: tuple[tuple[str, str], ...], expects: str) -> Expression:
    if len(text) > LONGEST:
        _refuse(_("表达式最长{n}个字符，请拆成几个条件。").format(n=LONGEST), LONGEST)
    parser = _Parser(text, dict(declared))
    root = parser.whole()
    if root.type != expects:
        _refuse(
            _("这里需要“{wanted}”，表达式得到的是“{found}”。").format(wanted=TYPES[expects], found=TYPES[root.type]),
            root.at,
        )
    return Expression(text, root, frozenset(node.value for node in walk(root) if node.op == "field"))


def walk(node: Node) -> Iterator[Node]:
    """`node` and everything below it."""
    yield node
    for child in node.args:
        yield from walk(child)


def evaluate(expression: Expression, values: Values, *, today: dt.date) -> Any:
    """The result for these answers; None when it depends on something unanswered or impossible. Never raises."""
    with localcontext(_ARITHMETIC):
        return _value(expression.root, values, today)


def holds(expression: Expression, values: Values, *, today: dt.date) -> bool:
    """True when the condition is certainly true."""
    return evaluate(expression, values, today=today) is True


def fails(expression: Expression, values: Values, *, today: dt.date) -> bool:
    """True when the condition is certainly false (unanswered is neither)."""
    return evaluate(expression, values, today=today) is False


# --- reading ----------------------------------------------------------------------------------------------------------

_TOKENS = re.compile(
    r"""(?P<space>\s+)
    |(?P<date>date\s*['‘’＇](?P<day>[^'‘’＇]*)['‘’＇])
    |(?P<number>[0-9]+(?:\.[0-9]+)?)
    |(?P<text>'[^']*'|"[^"]*"|‘[^’]*’|“[^”]*”)
    |(?P<word>[A-Za-z_][A-Za-z0-9_]*|且|或|非|属于)
    |(?P<sign><=|>=|<>|!=|==|[=<>≤≥≠+\-*/(),\[\]（），、＝＜＞【】－＋×÷])""",
    re.VERBOSE,
)
_SAME = {
    "且": "and",
    "或": "or",
    "非": "not",
    "属于": "in",
    "==": "=",
    "＝": "=",
    "<>": "!=",
    "≠": "!=",
    "≤": "<=",
    "≥": ">=",
    "＜": "<",
    "＞": ">",
    "（": "(",
    "）": ")",
    "【": "[",
    "】": "]",
    "，": ",",
    "、": ",",
    "－": "-",
    "＋": "+",
    "×": "*",
    "÷": "/",
}
_WORDS = {"and", "or", "not", "in", "true", "false"}
_COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    at: int


def _refuse(sentence: str, at: int) -> NoReturn:
    message = _("表达式第{n}个字符处：{sentence}").format(n=at + 1, sentence=sentence)
    raise Invalid(message, fields={"position": at + 1})


def _tokens(text: str) -> list[_Token]:
    found, at = [], 0
    while at < len(text):
        match = _TOKENS.match(text, at)
        if match is None:
            _refuse(_("不认识“{sign}”。").format(sign=text[at]), at)
        kind, raw = str(match.lastgroup), match.group()
        if match["date"]:
            found.append(_Token("date", match["day"], at))
        elif kind == "text":
            found.append(_Token("text", raw[1:-1], at))
        elif kind == "number":
            found.append(_Token("number", raw, at))
        elif kind != "space":
            found.append(_Token(*_word_or_sign(_SAME.get(raw, raw)), at))
        at = match.end()
    return [*found, _Token("end", "", len(text))]


def _word_or_sign(raw: str) -> tuple[str, str]:
    if raw.lower() in _WORDS:
        return "sign", raw.lower()
    return ("name" if raw[0].isalpha() or raw[0] == "_" else "sign"), raw


class _Parser:
    """Recursive descent, one method a level of precedence; each node is typed as it is made."""

    def __init__(self, text: str, declared: Mapping[str, str]) -> None:
        self.declared = declared
        self.tokens = _tokens(text)
        self.place = 0
        self.depth = 0

    @property
    def here(self) -> _Token:
        return self.tokens[self.place]

    def take(self, *signs: str) -> _Token | None:
        token = self.here
        if token.kind == "sign" and token.text in signs:
            self.place += 1
            return token
        return None

    def demand(self, sign: str) -> None:
        if not self.take(sign):
            _refuse(_("这里应为“{sign}”。").format(sign=sign), self.here.at)

    def whole(self) -> Node:
        if self.here.kind == "end":
            _refuse(_("表达式是空的，请写出条件。"), 0)
        node = self.any_of()
        if self.here.kind != "end":
            _refuse(_("“{text}”放在这里读不通。").format(text=self.here.text), self.here.at)
        return node

    def any_of(self) -> Node:
        self.depth += 1
        if self.depth > DEEPEST:
            _refuse(_("括号套得太深，最多{n}层。").format(n=DEEPEST), self.here.at)
        node = self.chain(self.all_of, "or")
        self.depth -= 1
        return node

    def all_of(self) -> Node:
        return self.chain(self.negation, "and")

    def chain(self, level: Callable[[], Node], word: str) -> Node:
        first = level()
        parts = [first]
        while self.take(word):
            parts.append(level())
        if len(parts) == 1:
            return first
        for part in parts:
            self.require(part, BOOLEAN)
        return Node(word, BOOLEAN, first.at, tuple(parts))

    def negation(self) -> Node:
        nots = []
        while token := self.take("not"):
            nots.append(token)
        node = self.comparison()
        if nots:
            self.require(node, BOOLEAN)
        return Node("not", BOOLEAN, nots[0].at, (node,)) if len(nots) % 2 else node

    def comparison(self) -> Node:
        left = self.sum()
        if token := self.take(*_COMPARISONS):
            return self.compared(token, left, self.sum())
        if token := self.take("in"):
            return self.member(token, left)
        return left

    def compared(self, token: _Token, left: Node, right: Node) -> Node:
        if left.type != right.type:
            sentence = _("“{left}”不能与“{right}”比较。").format(left=TYPES[left.type], right=TYPES[right.type])
            _refuse(sentence, token.at)
        if left.type in (LIST, FILE):
            _refuse(_("“{type}”不能这样比较，请用 contains、count 或 empty。").format(type=TYPES[left.type]), token.at)
        if left.type == BOOLEAN and token.text not in ("=", "!="):
            _refuse(_("“是或否”不能比较大小。"), token.at)
        return Node(token.text, BOOLEAN, token.at, (left, right))

    def member(self, token: _Token, left: Node) -> Node:
        if left.type in (LIST, FILE):
            _refuse(_("“{type}”不能用“in”，请用 contains。").format(type=TYPES[left.type]), token.at)
        self.demand("[")
        options = [self.literal()]
        while self.take(","):
            options.append(self.literal())
        self.demand("]")
        for option in options:
            self.require(option, left.type)
        return Node("in", BOOLEAN, token.at, (left, *options))

    def literal(self) -> Node:
        node = self.sign()
        if node.op not in ("literal", "-") or (node.op == "-" and node.args[0].op != "literal"):
            _refuse(_("方括号里只能写具体的值。"), node.at)
        return node

    def sum(self) -> Node:
        node = self.product()
        while token := self.take("+", "-"):
            node = self.arithmetic(token, node, self.product())
        return node

    def product(self) -> Node:
        node = self.sign()
        while token := self.take("*", "/"):
            node = self.arithmetic(token, node, self.sign())
        return node

    def arithmetic(self, token: _Token, left: Node, right: Node) -> Node:
        self.require(left, NUMBER)
        self.require(right, NUMBER)
        return Node(token.text, NUMBER, token.at, (left, right))

    def sign(self) -> Node:
        token = self.take("-")
        node = self.atom()
        if token is None:
            return node
        self.require(node, NUMBER)
        return Node("-", NUMBER, token.at, (node,))

    def atom(self) -> Node:
        token = self.here
        if self.take("("):
            node = self.any_of()
            self.demand(")")
            return node
        if word := self.take("true", "false"):
            return Node("literal", BOOLEAN, word.at, value=word.text == "true")
        readers = {"number": self.number, "text": self.text, "date": self.date, "name": self.named}
        if token.kind not in readers:
            found = (
                _("表达式没有写完。") if token.kind == "end" else _("“{text}”放在这里读不通。").format(text=token.text)
            )
            _refuse(found, token.at)
        self.place += 1
        return readers[token.kind](token)

    def number(self, token: _Token) -> Node:
        return Node("literal", NUMBER, token.at, value=Decimal(token.text))

    def text(self, token: _Token) -> Node:
        return Node("literal", TEXT, token.at, value=token.text)

    def date(self, token: _Token) -> Node:
        day = _as_date(token.text)
        if day is None:
            _refuse(_("“{text}”不是日期，请写成 date'2026-10-01'。").format(text=token.text), token.at)
        return Node("literal", DATE, token.at, value=day)

    def named(self, token: _Token) -> Node:
        if self.take("("):
            return self.call(token)
        if token.text not in self.declared:
            _refuse(_("没有“{name}”这个字段。").format(name=token.text), token.at)
        return Node("field", self.declared[token.text], token.at, value=token.text)

    def call(self, token: _Token) -> Node:
        if token.text not in FUNCTIONS:
            _refuse(_("没有“{name}”这个函数。").format(name=token.text), token.at)
        args: list[Node] = []
        while not self.take(")"):
            if args:
                self.demand(",")
            args.append(self.any_of())
        takes, gives = FUNCTIONS[token.text]
        if len(args) != len(takes):
            _refuse(_("函数“{name}”要填{n}项。").format(name=token.text, n=len(takes)), token.at)
        for arg, wanted in zip(args, takes, strict=True):
            self.require(arg, wanted)
        if token.text == "contains" and args[0].type not in (LIST, TEXT):
            _refuse(_("contains 只能用于多项或文字。"), token.at)
        return Node(token.text, gives, token.at, tuple(args))

    @staticmethod
    def require(node: Node, wanted: str) -> None:
        if wanted not in (ANY, node.type):
            _refuse(
                _("这里需要“{wanted}”，不是“{found}”。").format(wanted=TYPES[wanted], found=TYPES[node.type]), node.at
            )


# --- working out ------------------------------------------------------------------------------------------------------


def _value(node: Node, values: Values, today: dt.date) -> Any:
    if node.op == "literal":
        return node.value
    if node.op == "field":
        return _answer(values.get(node.value), node.type)
    if node.op in ("and", "or"):
        return _logic(node, values, today)
    args = [_value(arg, values, today) for arg in node.args]
    if node.op == "empty":
        return args[0] is None or args[0] == "" or args[0] == ()
    if node.op == "count":
        return Decimal(len(args[0] or ()))
    if node.op == "today":
        return today
    if node.op == "in":
        return None if args[0] is None else args[0] in args[1:]
    return None if None in args else _WORK[(node.op, len(args))](*args)


def _logic(node: Node, values: Values, today: dt.date) -> bool | None:
    decides = node.op == "or"
    unknown = False
    for arg in node.args:
        result = _value(arg, values, today)
        if result is decides:
            return decides
        unknown = unknown or result is None
    return None if unknown else not decides


def _whole_years(a: dt.date, b: dt.date) -> Decimal:
    return Decimal(b.year - a.year - ((b.month, b.day) < (a.month, a.day)))


def _calculate(work: Callable[[Decimal, Decimal], Decimal]) -> Callable[[Decimal, Decimal], Decimal | None]:
    def careful(a: Decimal, b: Decimal) -> Decimal | None:
        try:
            return work(a, b)
        except ArithmeticError:
            return None

    return careful


def _birth_date(number: str) -> dt.date | None:
    digits = number[6:14]
    return _as_date(f"{digits[:4]}-{digits[4:6]}-{digits[6:]}") if len(number) == 18 and digits.isdigit() else None


_WORK: dict[tuple[str, int], Callable[..., Any]] = {
    ("=", 2): lambda a, b: a == b,
    ("!=", 2): lambda a, b: a != b,
    ("<", 2): lambda a, b: a < b,
    ("<=", 2): lambda a, b: a <= b,
    (">", 2): lambda a, b: a > b,
    (">=", 2): lambda a, b: a >= b,
    ("not", 1): lambda a: not a,
    ("-", 1): lambda a: -a,
    ("+", 2): _calculate(lambda a, b: a + b),
    ("-", 2): _calculate(lambda a, b: a - b),
    ("*", 2): _calculate(lambda a, b: a * b),
    ("/", 2): _calculate(lambda a, b: a / b),
    ("contains", 2): lambda whole, part: part in whole,
    ("age_on", 2): _whole_years,
    ("years_between", 2): _whole_years,
    ("birth_date", 1): _birth_date,
}


def _answer(value: Any, wanted: str) -> Any:
    """An answer as the type its field was declared with; None when it is missing or of another kind."""
    if value is None or value == "":
        return None
    readers: dict[str, Callable[[Any], Any]] = {
        NUMBER: _as_number,
        TEXT: lambda v: v if isinstance(v, str) else None,
        BOOLEAN: lambda v: v if isinstance(v, bool) else None,
        DATE: _as_date,
        LIST: _as_list,
        FILE: lambda v: v or None,
    }
    return readers[wanted](value) if wanted in readers else None


def _as_list(value: Any) -> tuple[Any, ...] | None:
    return tuple(value) if isinstance(value, Sequence) and not isinstance(value, (str, bytes)) else None


def _as_number(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal, str)):
        return None
    try:
        number = Decimal(str(value)[:40])
    except (ArithmeticError, ValueError):
        return None
    return number if number.is_finite() and abs(number.adjusted()) < 30 else None


def _as_date(value: Any) -> dt.date | None:
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    if not isinstance(value, str) or len(value) != 10:
        return None
    try:
        return dt.date.fromisoformat(value)
    except ValueError:
        return None
