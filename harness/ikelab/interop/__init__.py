"""The matrix: every initiator with every responder over the scenarios.

    plan      cells, which scenarios each plays, what that is likely to cost, shards
    schedule  who plays what next: cells in an order that keeps guests warm, budgets
    worker    the process that plays what it is told
    crew      starts workers, feeds them, replaces those that die or hang
    matrix    cells with counts and worst verdict; the table; what did not pass
    baseline  what has changed since an earlier run
    junit     the results for a CI server

docs/INTEROP.md tells how to read what comes out.
"""
