"""The voucher of a municipal provider's month as SIE 4, to be read in by the municipality's ledger (LR 5.5).

Source: SIE filformat 4B, files of transactions (4I): characters of IBM's code page 437 (PC8), lines end in CRLF, and
the number of the voucher is left to the ledger.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from app.actions.reimbursement.exports import OpenRun, Voucher
from app.api.files.columns import kronor
from app.rules.reimbursement.vouchers import Posting

MEDIA = "application/octet-stream"
"""No type is registered for it, and a text type would promise another character set."""
_COST, _SETTLEMENT = "Utförd hemtjänst", "Ersättning egen regi"
_PLAIN = str.maketrans({"–": "-", "—": "-", "−": "-", "’": "'", "”": "'", '"': "'", "\\": "/"})


def voucher_se(opened: OpenRun, voucher: Voucher) -> bytes:
    """The file: who, when, the accounts, and one voucher whose rows sum to zero; none where nothing is owed."""
    lines = [*_head(opened, voucher), *_accounts(voucher), *_voucher(opened, voucher)]
    return "".join(f"{line}\r\n" for line in lines).encode("cp437", errors="replace")


def _head(opened: OpenRun, voucher: Voucher) -> Iterator[str]:
    yield "#FLAGGA 0"
    yield '#PROGRAM "Hemtid" 0.1'
    yield "#FORMAT PC8"
    yield f"#GEN {_day(opened)}"
    yield "#SIETYP 4"
    yield f"#ORGNR {voucher.party.organisation_number}"
    yield f"#FNAMN {_quoted(voucher.party.name)}"


def _accounts(voucher: Voucher) -> Iterator[str]:
    """The accounts, cost centres and what they are; a chart that has them keeps its own names."""
    named = {voucher.party.cost_account: _COST, voucher.party.settlement_account: _SETTLEMENT}
    for account, text in named.items():
        yield f"#KONTO {account} {_quoted(text)}"
    centres = sorted({row.cost_centre for row in voucher.rows if row.cost_centre is not None})
    if centres:
        yield f"#DIM 1 {_quoted('Kostnadsställe')}"
    for centre in centres:
        yield f"#OBJEKT 1 {_quoted(centre)} {_quoted(centre)}"


def _voucher(opened: OpenRun, voucher: Voucher) -> Iterator[str]:
    if not voucher.rows:
        return
    day, run = _day(opened), opened.run
    text = _quoted(f"Hemtid {run.month}, {opened.provider.name}")
    yield f'#VER "" "" {day} {text} {day}'
    yield "{"
    for row in voucher.rows:
        yield f"\t#TRANS {row.account} {_objects(row)} {kronor(row.amount_ore):f} {day} {_quoted(row.text)}"
    yield "}"


def _objects(row: Posting) -> str:
    return "{}" if row.cost_centre is None else f"{{1 {_quoted(row.cost_centre)}}}"


def _day(opened: OpenRun) -> str:
    return opened.issued_on.strftime("%Y%m%d")


def _quoted(text: str) -> str:
    """The text in quotation marks, without what would end it or lies outside the character set."""
    told = unicodedata.normalize("NFC", text).translate(_PLAIN)
    kept = "".join(one if one.isprintable() else " " for one in told)
    return f'"{kept}"'
