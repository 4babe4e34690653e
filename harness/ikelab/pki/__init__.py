"""Keys and certificates of a run: an X.509 hierarchy made when a scenario first asks for it, right or wrong on purpose.

    keys         private keys of every kind a peer may sign with, made once in a process
    names        an identity of the neutral description as the name a certificate holds
    certificate  what a certificate is to be like, as a scenario says it
    authority    who issues: a root and the intermediates below it
    files        certificates and keys where an adapter finds them
"""

from .authority import Authority, Issued, root
from .certificate import Certificate
from .files import write

__all__ = ["Authority", "Certificate", "Issued", "root", "write"]
