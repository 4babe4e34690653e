"""Who is measured side by side: one module and one line of the table each.

    contract.py    what each of them does: set up, addresses, processes, version, what was typed
    raw.py         the link alone
    references.py  the reference as it is, with a cipher that does nothing, packet by packet, with the kernel's ESP
    libipsec.py    strongSwan with ESP in user space
    openvpn.py     OpenVPN in user space
    wireguard.py   wireguard-go
    table.py       all of them
"""
