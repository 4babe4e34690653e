"""One HTML file that shows a run: counts, who played with whom, and for each scenario its ladder diagram.

It is made from what the scenarios left in their directories, needs no network and no server, and can be
made again at any time: `ikelab report DIRECTORY`.
"""

from .html import write_report
from .page import ReportError

__all__ = ["ReportError", "write_report"]
