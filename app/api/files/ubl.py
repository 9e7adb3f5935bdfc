"""XML of UBL 2.1: a document as a tree of plain values, and the tree as bytes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

_ROOT = "urn:oasis:names:specification:ubl:schema:xsd:{}-2"
_SPACES = {
    "cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
    "cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """An element: its name with the prefix of its space, its text or what it holds, and its attributes."""

    name: str
    text: str | None = None
    within: tuple[Node, ...] = ()
    attributes: dict[str, str] = field(default_factory=dict)


def node(name: str, *content: Node | str | None, **attributes: str) -> Node:
    """The element with this content, what is None left out."""
    text = next((one for one in content if isinstance(one, str)), None)
    within = tuple(one for one in content if isinstance(one, Node))
    return Node(name=name, text=text, within=within, attributes=attributes)


def serialized(etree: Any, root: Node) -> bytes:
    """The tree as a document in UTF-8; its root stands in the space of its own name."""
    own = _ROOT.format(root.name)
    spaces: dict[str | None, str] = {None: own, "cac": _SPACES["cac"], "cbc": _SPACES["cbc"]}
    top = etree.Element(f"{{{own}}}{root.name}", nsmap=spaces)
    for one in root.within:
        _grow(etree, top, one)
    written: bytes = etree.tostring(top, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return written


def _grow(etree: Any, above: Any, one: Node) -> None:
    prefix, local = one.name.split(":")
    made = etree.SubElement(above, f"{{{_SPACES[prefix]}}}{local}", one.attributes)
    made.text = one.text
    for inner in one.within:
        _grow(etree, made, inner)
