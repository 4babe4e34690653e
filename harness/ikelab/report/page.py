"""One HTML file: a template filled in, and written whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


class ReportError(Exception):
    """The page cannot be made; the message says what to do."""


def write_page(target: Path, template: str, option: str, **values: Any) -> Path:
    """Piece by piece, for a page with all its packets is large. `option`: what names another place. Raises ReportError."""
    import jinja2  # here, for most commands make no page

    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(HERE), autoescape=True, trim_blocks=True,
                                     lstrip_blocks=True, undefined=jinja2.StrictUndefined)
    parts = environment.get_template(template).generate(**values)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("w") as file:
            file.writelines(parts)
    except OSError as error:
        if target.is_file():  # half a page; but never a device
            target.unlink()
        raise ReportError(f"cannot write {target}: {error.strerror}; make room or give another {option}") from error
    return target
