r"""Protobuf text cut into tokens, as strictly as Triton's own parser does it.

Triton reads configs with protobuf's C++ parser, and protobuf's Python parser accepts more and less: it takes `1_0`, `+8`, a
non-breaking space and `"C:\models"`, and it refuses `- 1` and `"\377"`. The rules here are those of
https://github.com/protocolbuffers/protobuf/blob/main/src/google/protobuf/io/tokenizer.cc
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN = re.compile(
    r"""
    (?P<space>(?:[ \n\t\r\v\f]|\#[^\n\0]*)+)
  | (?P<string>"(?:[^"\\\n\0]|\\[^\0])*"? | '(?:[^'\\\n\0]|\\[^\0])*'?)
  | (?P<identifier>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<number>0[xX][0-9a-fA-F]*|0[0-9]+|(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]*)?[fF]?)
  | (?P<mark>.)
    """,
    re.VERBOSE | re.DOTALL,
)
ESCAPE = re.compile(
    r"""\\(?:
    (?P<letter>[abfnrtv\\?'"])
  | (?P<octal>[0-7]{1,3})
  | x(?P<hex>[0-9a-fA-F]{1,2})
  | u(?P<pair>[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})
  | u(?P<short>[0-9a-fA-F]{4})
  | U(?P<long>00[01][0-9a-fA-F]{5})
  | (?P<wrong>.?)
    )""",
    re.VERBOSE | re.DOTALL,
)
MOST_SHOWN = 40
EXPONENT = re.compile(r"[eE][+-]?[fF]?$")
LETTERS = dict(zip("abfnrtv\\?'\"", b"\a\b\f\n\r\t\v\\?'\"", strict=True))


class SyntaxProblemError(Exception):
    """The text is no ModelConfig; line and column count from 1.

    unknown is the name that Triton does not have, where that is the problem, and known are those it has at the place.
    """

    def __init__(self, message: str, text: str, offset: int, unknown: str = "", known: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        before = text[:offset]
        self.line = before.count("\n") + 1
        self.column = len(before) - before.rfind("\n")
        self.unknown = unknown
        self.known = known


class Token(NamedTuple):
    """A piece of text: kind is string, identifier, number, mark or, behind the last one, end."""

    kind: str
    text: str
    start: int
    end: int


def tokens(text: str) -> Iterator[Token]:
    """Yield every token but spaces and comments, and one of kind end.

    Raises:
        SyntaxProblemError: a token that the C++ parser refuses.

    """
    for match in TOKEN.finditer(text):
        token = Token(str(match.lastgroup), match.group(), match.start(), match.end())
        if token.kind != "space":
            if problem := _problem(token, text[token.end : token.end + 1]):
                raise SyntaxProblemError(problem, text, token.start)
            yield token
    yield Token("end", "", len(text), len(text))


def value_of(literal: str) -> bytes:
    """Return the bytes that a string's token stands for; surrogates stand for bytes that are not UTF-8."""
    parts, at = list[bytes](), 1
    for match in ESCAPE.finditer(literal, 1, len(literal) - 1):
        parts += [literal[at : match.start()].encode(errors="surrogateescape"), _escaped(match)]
        at = match.end()
    return b"".join((*parts, literal[at:-1].encode(errors="surrogateescape")))


def _escaped(match: re.Match[str]) -> bytes:
    if match["letter"]:
        return bytes([LETTERS[match["letter"]]])
    if match["octal"] or match["hex"]:
        return bytes([(int(match["octal"], 8) if match["octal"] else int(match["hex"], 16)) & 0xFF])
    if match["pair"]:
        return bytes.fromhex(match["pair"].replace("\\u", "")).decode("utf-16-be").encode()
    code = int(match["short"] or match["long"], 16)
    return chr(code).encode(errors="surrogatepass") if code <= sys.maxunicode else match.group().encode()  # left as it is


def _problem(token: Token, following: str) -> str:
    """Return why the C++ parser refuses a token; following is the character behind it."""
    if token.kind == "string":
        if len(token.text) == 1 or token.text[-1] != token.text[0] or _ends_in_escape(token.text):
            return "a string without an end: its quotes are on one line"
        wrong = next(
            (match for match in ESCAPE.finditer(token.text, 1, len(token.text) - 1) if match["wrong"] is not None), None
        )
        return f"invalid escape sequence in a string: {wrong.group()}; a backslash is written twice" if wrong else ""
    if token.kind == "number":
        return _number_problem(token.text, following)
    if token.kind == "mark" and (token.text < " " or token.text == "\x7f"):
        return f"a control character: U+{ord(token.text):04X}"
    if token.kind == "mark" and not token.text.isascii():
        return f"a character that is not ASCII outside of a string: {_shown(token.text)}"
    return ""


def _ends_in_escape(literal: str) -> bool:
    """Say whether the last quote is escaped, so that nothing closes the string."""
    return bool((len(literal) - 1 - len(literal[:-1].rstrip("\\"))) % 2)


def _number_problem(whole: str, following: str) -> str:
    number = whole if len(whole) < MOST_SHOWN else f"{whole[:MOST_SHOWN]}..."
    if following and (following == "_" or (following.isascii() and following.isalpha())):
        return f"a number and a name without a space between them: {number}{following}"
    if following == ".":
        return f"a number with a second point: {number}."
    if whole[:2] in {"0x", "0X"}:
        return "" if whole[2:] else "0x without hexadecimal digits"
    if whole.isdigit():
        decimal_or_octal = whole == "0" or whole[0] != "0" or set(whole) <= set("01234567")
        return "" if decimal_or_octal else f"a number that begins with 0 is octal: {number}"
    return f"an exponent without digits: {number}" if EXPONENT.search(whole) else ""


def _shown(character: str) -> str:
    surrogate = 0xDC80 <= ord(character) <= 0xDCFF  # noqa: PLR2004 - what surrogateescape makes of a byte
    return f"byte 0x{ord(character) - 0xDC00:02X}" if surrogate else f"U+{ord(character):04X}"
