"""The lab's own impairment of a link: one small C program per relayed link, seeded and counted."""

from ikelab.link.relay import Relay, RelayError

__all__ = ["Relay", "RelayError"]
