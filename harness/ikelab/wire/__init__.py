"""An IKEv2 and ESP decoder of the lab's own, which shares nothing with ref/.

    capture   pcap and pcapng files -> Frame
    packet    Frame -> Datagram (Ethernet, IPv4, IPv6, fragments, UDP)
    ike       octets <-> IKE messages and payloads (RFC 7296 3)
    sk        opens SK and SKF (RFC 7296 3.14, RFC 5282, RFC 7383)
    esp       opens ESP (RFC 4303), extended sequence numbers included
"""
