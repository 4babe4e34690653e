"""As much of DER (X.690) as IKE messages carry outside of certificates: object identifiers and distinguished names."""

from __future__ import annotations

from collections.abc import Iterator

from .octets import Malformed, Octets

OBJECT_IDENTIFIER, SEQUENCE, SET = 0x06, 0x30, 0x31
_CONSTRUCTED = 0x20
_ATTRIBUTES = {"2.5.4.3": "CN", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST", "2.5.4.10": "O", "2.5.4.11": "OU",
               "2.5.4.5": "serialNumber", "1.2.840.113549.1.9.1": "E", "0.9.2342.19200300.100.1.25": "DC"}
_UTF16 = 0x1E  # BMPString
LENGTH_OCTETS_MAX = 4


def elements(octets: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag and content of what stands side by side. Raises Malformed."""
    cursor = Octets(octets)
    while len(cursor):
        tag, length = cursor.u8(), cursor.u8()
        if length & 0x80:
            size = length & 0x7F
            if not 1 <= size <= LENGTH_OCTETS_MAX:
                raise Malformed("a DER length of no definite form")
            length = cursor.number(size)
        yield tag, cursor.take(length)


def object_identifiers(octets: bytes) -> Iterator[str]:
    """All of them, however deep, in their order."""
    for tag, content in elements(octets):
        if tag == OBJECT_IDENTIFIER:
            yield object_identifier(content)
        elif tag & _CONSTRUCTED:
            yield from object_identifiers(content)


def object_identifier(content: bytes) -> str:
    """Dotted, as people write it."""
    if not content or content[-1] & 0x80:
        raise Malformed("an object identifier that is cut short")
    numbers, number = [], 0
    for octet in content:
        number = number << 7 | octet & 0x7F
        if not octet & 0x80:
            numbers.append(number)
            number = 0
    first = min(numbers[0] // 40, 2)
    return ".".join(map(str, (first, numbers[0] - 40 * first, *numbers[1:])))


def distinguished_name(octets: bytes) -> str:
    """"C=XX, O=ikelab, CN=gateway", in the order it is encoded. Raises Malformed."""
    found = []
    for tag, names in elements(octets):
        if tag != SEQUENCE:
            raise Malformed("a distinguished name is a SEQUENCE")
        for _, relative in elements(names):
            found.append("+".join(_attribute(pair) for _, pair in elements(relative)))
    return ", ".join(found)


def _attribute(octets: bytes) -> str:
    pair = list(elements(octets))
    if len(pair) != 2 or pair[0][0] != OBJECT_IDENTIFIER:
        raise Malformed("an attribute is a type and a value")
    kind = object_identifier(pair[0][1])
    value = pair[1][1].decode("utf-16-be" if pair[1][0] == _UTF16 else "utf-8", "backslashreplace")
    return f"{_ATTRIBUTES.get(kind, kind)}={value}"
