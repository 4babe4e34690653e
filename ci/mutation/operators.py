"""What can be broken. An operator looks at one place of a file and says how the text there would read with the fault."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from clang.cindex import Cursor, CursorKind, TypeKind

from .source import Place, Source


@dataclass(frozen=True)
class Change:
    """The text from start to end becomes another."""

    start: int
    end: int
    becomes: str


Finder = Callable[[Source, Place], Iterator[Change]]


@dataclass(frozen=True)
class Operator:
    """`weight`: how often it is chosen, compared with others of the same file."""

    name: str
    says: str
    find: Finder
    weight: float = 1.0


# What nobody outside can see: memory that is given back, keys that are wiped.
UNSEEN = re.compile(r"^(free|memset|explicit_bzero|OPENSSL_cleanse)$|_(wipe|free|destroy)$")
# What fails only for a reason of our own (memory, randomness, the library), which no peer can bring about.
OWN_FAILURES = re.compile(r"^(random_fill|digest_\w+|prf_\w+|keymat_\w+)$|_(create|generate|seal)$|^protector_next_iv$")
PUTS_ON_THE_WIRE = re.compile(r"_(build|put|append|add|reserve|u8|u16|u32|u64|zero)(_\w+)?$|^(chain|writer)_")

BOUNDS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
FLIPS = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
ARITHMETIC = {"+": "-", "-": "+", "*": "/", "/": "*", "%": "/", "<<": ">>", ">>": "<<", "&": "|", "|": "&", "^": "|",
              "+=": "-=", "-=": "+=", "|=": "&=", "&=": "|=", "<<=": ">>=", ">>=": "<<="}
LOGIC = {"&&": "||", "||": "&&"}
SIDES = (("_i", "_r"), ("_in", "_out"), ("initiator", "responder"), ("local", "remote"), ("source", "destination"),
         ("ours", "theirs"), ("own", "peer"), ("next", "expected"), ("ni", "nr"))
LEAVES = (CursorKind.RETURN_STMT, CursorKind.BREAK_STMT, CursorKind.CONTINUE_STMT, CursorKind.GOTO_STMT)
BINARY = (CursorKind.BINARY_OPERATOR, CursorKind.COMPOUND_ASSIGNMENT_OPERATOR)
BODIES = (CursorKind.COMPOUND_STMT, CursorKind.CASE_STMT, CursorKind.DEFAULT_STMT)


# Looking at places.

def operator_of(source: Source, cursor: Cursor) -> tuple[str, int, int] | None:
    """The sign of a binary operator, and where it stands; None where a macro hides it."""
    if cursor.kind not in BINARY or not source.is_written(cursor):
        return None
    sides = list(cursor.get_children())
    if len(sides) != 2:
        return None
    start, end = source.range(sides[0])[1], source.range(sides[1])[0]
    match = re.fullmatch(r"(?:\s|/\*.*?\*/)*([-+*/%<>=!&|^]+)(?:\s|/\*.*?\*/)*", source.text[start:end], re.DOTALL)
    return (match[1], start + match.start(1), start + match.end(1)) if match else None


def callee(cursor: Cursor) -> str:
    return cursor.spelling if cursor.kind is CursorKind.CALL_EXPR else ""


def bare(cursor: Cursor) -> Cursor:
    """Without the parentheses and conversions around it."""
    while cursor.kind in (CursorKind.UNEXPOSED_EXPR, CursorKind.PAREN_EXPR):
        inside = list(cursor.get_children())
        if len(inside) != 1:
            return cursor
        cursor = inside[0]
    return cursor


def is_statement(place: Place) -> bool:
    """An expression that stands alone."""
    return place.parent.kind in BODIES and bool(place.function)


def gone(source: Source, start: int, end: int) -> str:
    """Nothing, on as many lines: what follows keeps its numbers."""
    return ";" + "\n" * source.text.count("\n", start, end)


def deleted(source: Source, place: Place) -> Change:
    start, end = source.range(place.cursor)
    return Change(start, end, gone(source, start, end)[1:])  # its own semicolon stays


def condition(place: Place) -> Cursor | None:
    if place.cursor.kind is not CursorKind.IF_STMT:
        return None
    return next(iter(place.cursor.get_children()))


def leaves_at_once(body: Cursor) -> bool:
    """The body does nothing but leave: that is a check."""
    inside = list(body.get_children()) if body.kind is CursorKind.COMPOUND_STMT else [body]
    return bool(inside) and inside[-1].kind in LEAVES


def wrapped(source: Source, cursor: Cursor, form: str) -> Change:
    start, end = source.range(cursor)
    return Change(start, end, form.format(source.text[start:end]))


# The operators.

def check_deleted(source: Source, place: Place) -> Iterator[Change]:
    found = condition(place)
    parts = list(place.cursor.get_children())
    if found is not None and source.is_written(found) and len(parts) == 2 and leaves_at_once(parts[1]):
        yield wrapped(source, found, "({}) && false")


def branch_never(source: Source, place: Place) -> Iterator[Change]:
    found = condition(place)
    parts = list(place.cursor.get_children())
    if found is not None and source.is_written(found) and not (len(parts) == 2 and leaves_at_once(parts[1])):
        yield wrapped(source, found, "({}) && false")


def branch_always(source: Source, place: Place) -> Iterator[Change]:
    found = condition(place)
    if found is not None and source.is_written(found):
        yield wrapped(source, found, "({}) || true")


def by_sign(table: dict[str, str]) -> Finder:
    def find(source: Source, place: Place) -> Iterator[Change]:
        found = operator_of(source, place.cursor)
        if found is not None and found[0] in table:
            yield Change(found[1], found[2], table[found[0]])

    return find


def half_condition(source: Source, place: Place) -> Iterator[Change]:
    found = operator_of(source, place.cursor)
    if found is not None and found[0] in LOGIC:
        start, end = source.range(place.cursor)
        for side in place.cursor.get_children():
            kept = source.words(side)
            lines = source.text.count("\n", start, end) - kept.count("\n")
            yield Change(start, end, f"({kept})" + "\n" * lines)


def negation_dropped(source: Source, place: Place) -> Iterator[Change]:
    if place.cursor.kind is CursorKind.UNARY_OPERATOR and source.is_written(place.cursor) \
            and source.words(place.cursor).startswith("!"):
        start, _ = source.range(place.cursor)
        yield Change(start, start + 1, "")


def ternary_swapped(source: Source, place: Place) -> Iterator[Change]:
    if place.cursor.kind is CursorKind.CONDITIONAL_OPERATOR and source.is_written(place.cursor):
        _, first, second = place.cursor.get_children()
        start, between, end = source.range(first), source.range(second), source.range(second)[1]
        middle = source.text[start[1]:between[0]]
        yield Change(start[0], end, f"{source.words(second)}{middle}{source.words(first)}")


def counted_wrong(source: Source, place: Place) -> Iterator[Change]:
    if place.cursor.kind is CursorKind.UNARY_OPERATOR and source.is_written(place.cursor):
        start, end = source.range(place.cursor)
        words = source.text[start:end]
        for sign, other in (("++", "--"), ("--", "++")):
            if words.startswith(sign):
                yield Change(start, start + 2, other)
            elif words.endswith(sign):
                yield Change(end - 2, end, other)


def off_by_one(source: Source, place: Place) -> Iterator[Change]:
    cursor = place.cursor
    if cursor.kind is not CursorKind.INTEGER_LITERAL or not source.is_written(cursor) or not place.function:
        return
    if any(one.kind in (CursorKind.VAR_DECL, CursorKind.FIELD_DECL) and one.type.kind is TypeKind.CONSTANTARRAY
           for one in place.parents[-2:]):
        return  # the size of an array of ours
    match = re.fullmatch(r"(0[xX][0-9a-fA-F]+|\d+)([uUlL]*)", source.words(cursor))
    if match:
        start, end = source.range(cursor)
        value = int(match[1], 0)
        yield Change(start, end, f"{value + 1}{match[2]}")
        if value > 0:
            yield Change(start, end, f"{value - 1}{match[2]}")


def other_constant(source: Source, place: Place) -> Iterator[Change]:
    """The next one of its enum, so a notification of another type, an attribute of another kind."""
    cursor = place.cursor
    if cursor.kind is not CursorKind.DECL_REF_EXPR or not source.is_written(cursor) or cursor.referenced is None:
        return
    constant = cursor.referenced
    if constant.kind is not CursorKind.ENUM_CONSTANT_DECL or constant.spelling.startswith("STATUS_"):
        return
    names = [one.spelling for one in constant.semantic_parent.get_children()
             if one.kind is CursorKind.ENUM_CONSTANT_DECL]
    if len(names) > 1:
        start, end = source.range(cursor)
        yield Change(start, end, names[(names.index(constant.spelling) + 1) % len(names)])


def call_deleted(wanted: Callable[[str], bool]) -> Finder:
    def find(source: Source, place: Place) -> Iterator[Change]:
        name = callee(place.cursor)
        if name and name != "TRY" and is_statement(place) and source.is_written(place.cursor) \
                and not UNSEEN.search(name) and wanted(name):
            yield deleted(source, place)

    return find


def step_deleted(source: Source, place: Place) -> Iterator[Change]:
    """TRY(call): the call is not made, so an IV is not drawn, a payload not taken, a signature not verified."""
    if callee(place.cursor) == "TRY" and is_statement(place):
        yield deleted(source, place)


def verify_skipped(source: Source, place: Place) -> Iterator[Change]:
    """TRY(call): it is made, and what it says is ignored."""
    if callee(place.cursor) != "TRY" or not is_statement(place):
        return
    inside = bare(next(iter(place.cursor.get_arguments())))
    if not OWN_FAILURES.search(callee(inside)):
        start, _ = source.range(place.cursor)
        yield Change(start, start + len("TRY"), "(void)")


def assignment_deleted(source: Source, place: Place) -> Iterator[Change]:
    cursor = place.cursor
    if not is_statement(place) or not source.is_written(cursor):
        return
    found = operator_of(source, cursor)
    counts = cursor.kind is CursorKind.UNARY_OPERATOR and source.words(cursor).endswith(("++", "--"))
    if counts or found is not None and re.fullmatch(r"[-+*/%&|^<>]*=", found[0]) and found[0] not in ("<=", ">=") \
            and not source.words(cursor).endswith("= NULL"):
        yield deleted(source, place)


def return_changed(source: Source, place: Place) -> Iterator[Change]:
    if place.cursor.kind is not CursorKind.RETURN_STMT:
        return
    value = next(iter(place.cursor.get_children()), None)
    if value is None:
        return
    start, end = source.range(value)
    words = source.text[start:end]
    is_bool = any(one.kind is CursorKind.FUNCTION_DECL and one.result_type.get_canonical().kind is TypeKind.BOOL
                  for one in place.parents)
    if words in ("true", "false"):
        yield Change(start, end, "false" if words == "true" else "true")
    elif words.startswith("STATUS_NOTIFY("):
        yield Change(start, end, "STATUS_DROP")
        yield Change(start, end, "STATUS_OK")
    elif words == "STATUS_DROP":
        yield Change(start, end, "STATUS_OK")
    elif is_bool and source.is_written(value):
        yield wrapped(source, value, "!({})")


def jump_deleted(source: Source, place: Place) -> Iterator[Change]:
    if place.cursor.kind is CursorKind.CONTINUE_STMT or place.cursor.kind is CursorKind.BREAK_STMT:
        yield deleted(source, place)


def arguments_swapped(source: Source, place: Place) -> Iterator[Change]:
    if not callee(place.cursor) or not source.is_written(place.cursor):
        return
    arguments = [one for one in place.cursor.get_arguments() if one is not None]
    for one, other in zip(arguments, arguments[1:]):
        same = one.type.get_canonical().spelling == other.type.get_canonical().spelling
        if same and source.words(one) != source.words(other) and source.range(one)[1] <= source.range(other)[0]:
            start, end = source.range(one)[0], source.range(other)[1]
            middle = source.text[source.range(one)[1]:source.range(other)[0]]
            yield Change(start, end, f"{source.words(other)}{middle}{source.words(one)}")


def other_side(source: Source, place: Place) -> Iterator[Change]:
    """spi_i for spi_r, key_in for key_out, where the struct has both."""
    cursor = place.cursor
    if cursor.kind is not CursorKind.MEMBER_REF_EXPR or not source.is_written(cursor) or cursor.referenced is None:
        return
    record = cursor.referenced.semantic_parent
    fields = {one.spelling for one in record.get_children()} if record is not None else set()
    _, end = source.range(cursor)
    for other in counterparts(cursor.spelling):
        if other in fields:
            yield Change(end - len(cursor.spelling), end, other)
            return


def counterparts(name: str) -> Iterator[str]:
    for one, other in SIDES:
        for this, that in ((one, other), (other, one)):
            if this.startswith("_") and name.endswith(this):
                yield name.removesuffix(this) + that
            elif not this.startswith("_") and re.search(rf"(^|_){this}(_|$)", name):
                yield re.sub(rf"(^|_){this}(_|$)", rf"\g<1>{that}\g<2>", name)


def row_deleted(source: Source, place: Place) -> Iterator[Change]:
    """A row of a table: who handles what, what may stand where."""
    if place.cursor.kind is CursorKind.INIT_LIST_EXPR and place.parent.kind is CursorKind.INIT_LIST_EXPR \
            and source.is_written(place.cursor):
        start, end = source.range(place.cursor)
        if source.text[end:end + 1] == "," and source.text[start] == "{":
            yield Change(start, end + 1, gone(source, start, end)[1:])


OPERATORS = (
    Operator("check deleted", "an if that would leave the function or the loop never does", check_deleted, 4),
    Operator("verify skipped", "what a step that can fail says is ignored", verify_skipped, 4),
    Operator("step deleted", "a step that can fail is left out", step_deleted, 2),
    Operator("payload dropped", "a call that puts something into a message is left out",
             call_deleted(lambda name: bool(PUTS_ON_THE_WIRE.search(name))), 4),
    Operator("call deleted", "another call is left out", call_deleted(lambda name: not PUTS_ON_THE_WIRE.search(name)), 2),
    Operator("assignment deleted", "a variable keeps what it had", assignment_deleted, 2),
    Operator("branch never taken", "an if is never true", branch_never, 2),
    Operator("branch always taken", "an if is always true", branch_always, 1),
    Operator("half condition", "one side of && or || is left out", half_condition, 2),
    Operator("and for or", "&& becomes ||, and the other way round", by_sign(LOGIC), 1),
    Operator("negation dropped", "a ! is left out", negation_dropped, 1),
    Operator("comparison moved", "< becomes <=, and the like: off by one", by_sign(BOUNDS), 4),
    Operator("comparison flipped", "== becomes !=, < becomes >=, and the like", by_sign(FLIPS), 2),
    Operator("arithmetic", "+ becomes -, & becomes |, and the like", by_sign(ARITHMETIC), 1),
    Operator("counted the wrong way", "++ becomes --, and the other way round", counted_wrong, 1),
    Operator("off by one", "a number is one more, or one less", off_by_one, 2),
    Operator("other constant", "the next one of its enum stands in its place", other_constant, 2),
    Operator("other side", "spi_i becomes spi_r, key_in becomes key_out, and the like", other_side, 2),
    Operator("arguments swapped", "two neighbours of the same type change places", arguments_swapped, 1),
    Operator("return changed", "an error is said otherwise or not at all, true becomes false", return_changed, 2),
    Operator("ternary swapped", "what follows ? and what follows : change places", ternary_swapped, 1),
    Operator("jump deleted", "a break or continue is left out", jump_deleted, 1),
    Operator("row deleted", "a row of a table is left out", row_deleted, 2),
)
