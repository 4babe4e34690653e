"""Small faults, planted one at a time into a copy of ref/: does the conformance suite see them? (docs/MUTATION.md)

    source       one C file as libclang sees it           operators    what can be broken, as a table
    mutant       one fault, and where it would stand      candidates   all that there can be, and the seeded choice
    workshop     the copy, and daemons with a fault       reach        which test comes to which line
    suite        the conformance tests, one by one        records      what is known already
    explained    survivors with a reason                  campaign     one run
    report       what it says in the end
"""
