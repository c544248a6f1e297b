# SPDX-License-Identifier: Apache-2.0
"""Prints when a definition was crossed, as seconds since 1970, and ends.

usage: crossing.py INTERFACE WHAT COUNT
  probes   the COUNT-th different address, protocol and port that packets were sent to
  packets  the COUNT-th packet that was sent
  closed   the COUNT-th connection that was closed or reset by either side
"""
import socket
import struct
import sys
import time

ETH_P_ALL = 3
SO_RCVBUFFORCE = 33
SO_TIMESTAMPNS = 35


def parse(frame):
    """Protocol, source, target, ports and TCP flags; None of what is no IP."""
    kind = struct.unpack_from("!H", frame, 12)[0]
    if kind == 0x0800 and len(frame) >= 34:
        proto = frame[23]
        src, dst = frame[26:30], frame[30:34]
        at = 14 + (frame[14] & 15) * 4
    elif kind == 0x86DD and len(frame) >= 54:
        proto = frame[20]
        src, dst = frame[22:38], frame[38:54]
        at = 54
    else:
        return None
    if proto not in (6, 17) or len(frame) < at + 4:
        return proto, src, dst, 0, 0, 0
    sport, dport = struct.unpack_from("!HH", frame, at)
    flags = frame[at + 13] if proto == 6 and len(frame) > at + 13 else 0
    return proto, src, dst, sport, dport, flags


def main():
    interface, what, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    s.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
    s.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    s.bind((interface, 0))
    print("ready", flush=True)
    seen = set()
    packets = 0
    while len(seen) < count and packets < count:
        frame, ancillary, _, address = s.recvmsg(128, 128)
        found = parse(frame)
        if found is None:
            continue
        sent = address[2] == socket.PACKET_OUTGOING
        proto, src, dst, sport, dport, flags = found
        if what == "probes" and sent:
            seen.add((dst, proto, dport))
        elif what == "packets" and sent:
            packets += 1
        elif what == "closed" and proto == 6 and flags & 5:
            seen.add((dst, dport, src, sport) if sent else (src, sport, dst, dport))
    now = time.time()
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS and len(data) >= 16:
            seconds, nanos = struct.unpack_from("qq", data)
            now = seconds + nanos / 1e9
    print("%.6f" % now, flush=True)


main()
