"""What crossed the wire, told to a reader.

    passage   sightings of one datagram on several links -> one passage (what was lost on the way shows)
    meaning   one IKE message -> what it means and the clause it belongs to
    annotate  passages -> events, in the order of time
    render    events -> lines (trace.txt, a terminal)
    leak      packets of a policy that were seen in the clear
    cost      messages and octets
"""

from .annotate import Mark, Trace, annotate
from .passage import Scene

__all__ = ["Mark", "Scene", "Trace", "annotate"]
