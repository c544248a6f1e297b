#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What an intruder does beside honest_traffic.py, each from an address that is its label.

labelled_attacks.py serve   in the node's namespace: what is attacked, until it is ended
labelled_attacks.py use     in the pod's namespace: all of it, once; prints how much

10.77.2.201 theft      three uploads of 40 MB to port 21
10.77.2.202 shell      three sessions at port 4444, 20 s of small messages
10.77.2.203 scan       whole connections to 400 ports
10.77.2.204 guessing   150 logins at port 22, each refused
10.77.2.205 call-backs 40 short calls of port 443, every half second
10.77.2.206 hoard      60 connections to port 80 that say nothing, 20 s
"""
import socket
import sys
import threading
import time

NODE = "10.77.0.1"


def server(port, each):
    s = socket.create_server((NODE, port), backlog=512)

    def serve(c):
        try:
            each(c)
        except OSError:
            pass
        finally:
            c.close()

    def loop():
        while True:
            c = s.accept()[0]
            threading.Thread(target=serve, args=(c,), daemon=True).start()

    threading.Thread(target=loop, daemon=True).start()


def swallow(c):
    while c.recv(1 << 20):
        pass


def echo(c):
    while data := c.recv(4096):
        c.sendall(data * 3)


def refuse(c):
    c.sendall(b"SSH-2.0-x\r\n" + b"k" * 900)
    c.recv(4096)
    c.sendall(b"n" * 700)
    c.recv(4096)


def serve():
    server(21, swallow)
    server(4444, echo)
    server(22, refuse)
    server(443, echo)
    print("ready", flush=True)
    time.sleep(600)


def connect(last, port):
    return socket.create_connection((NODE, port), 2, ("10.77.2.%d" % last, 0))


def theft():
    for _ in range(3):
        with connect(201, 21) as s:
            for _ in range(40):
                s.sendall(b"x" * 1_000_000)


def shell():
    def one():
        with connect(202, 4444) as s:
            for _ in range(50):
                s.sendall(b"ls -l\n")
                s.recv(4096)
                time.sleep(0.4)

    together([one] * 3)


def scan():
    for port in range(1000, 1400):
        try:
            connect(203, port).close()
        except OSError:
            pass
        time.sleep(0.02)


def guessing():
    for _ in range(150):
        with connect(204, 22) as s:
            s.recv(4096)
            s.sendall(b"k" * 1200)
            s.recv(4096)
            s.sendall(b"p" * 80)
            s.recv(4096)
        time.sleep(0.05)


def callbacks():
    for _ in range(40):
        with connect(205, 443) as s:
            s.sendall(b"id" * 40)
            s.recv(4096)
        time.sleep(0.5)


def hoard():
    held = [connect(206, 80) for _ in range(60)]
    time.sleep(20)
    for s in held:
        s.close()


def together(works):
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    if sys.argv[1:] == ["serve"]:
        serve()
    elif sys.argv[1:] == ["use"]:
        together([theft, shell, scan, guessing, callbacks, hoard])
    else:
        sys.exit(__doc__)
