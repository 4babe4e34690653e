"""The catalogue of requirements, vectors/requirements/*.toml (docs/ADD_A_REQUIREMENT.md).

    model       a requirement, an RFC's file, the whole
    load        reads the files and holds them to their schema and to each other
    rfc_text    counts the keywords of an RFC's text and compares: what was forgotten?
    marks       which test names which requirement
"""
