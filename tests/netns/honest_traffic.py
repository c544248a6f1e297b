#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A minute of what an honest cluster does, dense enough to be stretched to an hour.

honest_traffic.py serve   in the node's namespace: all services, until it is ended
honest_traffic.py use N   in the pod's namespace: all clients, for N seconds; prints what
                          they did, one line a kind

The node has 10.77.0.1, 10.77.1.1 to .40 (scraped) and 10.77.3.1 to .30 (an application
that is rolled out); the pod has 10.77.0.2 and 10.77.2.1 to .10 (its workloads). Where an
interval is given here, an hour's is 60 times as long.
"""
import random
import socket
import struct
import sys
import threading
import time

WEB, METRICS, DATABASE, DNS, BULK, APP = 80, 9100, 5432, 53, 5201, 8080


def tcp_server(address, port, each):
    s = socket.create_server((address, port), backlog=512)

    def serve(c):
        try:
            each(c)
        except OSError:
            pass
        finally:
            c.close()

    def loop():
        while True:
            try:
                c = s.accept()[0]
            except OSError:
                return
            threading.Thread(target=serve, args=(c,), daemon=True).start()

    threading.Thread(target=loop, daemon=True).start()
    return s


def answer_pages(size):
    body = b"x" * size

    def each(c):
        while c.recv(4096):
            c.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % size + body)

    return each


def answer_questions(c):
    while question := c.recv(4096):
        c.sendall(question * random.randint(1, 20))


def swallow(c):
    while c.recv(65536):
        pass


def answer_names():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("0.0.0.0", DNS))
    while True:
        data, who = s.recvfrom(512)
        s.sendto(data + b"\0" * 32, who)


def serve():
    tcp_server("10.77.0.1", WEB, answer_pages(8000))
    tcp_server("0.0.0.0", METRICS, answer_pages(30000))
    tcp_server("10.77.0.1", DATABASE, answer_questions)
    tcp_server("10.77.0.1", BULK, swallow)
    threading.Thread(target=answer_names, daemon=True).start()
    # A rolling deployment: three replicas, the oldest is replaced every three seconds, and
    # those that call them learn of it a little later.
    running = []
    for replica in range(1, 31):
        running.append(tcp_server(f"10.77.3.{replica}", APP, answer_pages(2000)))
        if replica == 3:
            print("ready", flush=True)
        if replica >= 3:
            time.sleep(3)
            running.pop(0).close()
    time.sleep(600)


class Counts:
    def __init__(self):
        self.lock = threading.Lock()
        self.done = {}

    def add(self, kind, ok):
        with self.lock:
            key = kind if ok else kind + ", failed"
            self.done[key] = self.done.get(key, 0) + 1


def connect(source, target, port, timeout=1.0):
    return socket.create_connection((target, port), timeout, (source, 0))


def ask(s, bytes_, most=1 << 20):
    s.sendall(bytes_)
    got = s.recv(65536)
    if got.startswith(b"HTTP"):
        head, _, rest = got.partition(b"\r\n\r\n")
        want = int(head.rpartition(b" ")[2]) - len(rest)
        while want > 0 and (more := s.recv(65536)):
            want -= len(more)


def use(seconds):
    counts = Counts()
    end = time.monotonic() + seconds
    began = time.monotonic()

    def every(interval, kind, work):
        def loop():
            while time.monotonic() < end:
                try:
                    work()
                    counts.add(kind, True)
                except OSError:
                    counts.add(kind, False)
                time.sleep(interval * random.uniform(0.7, 1.3))

        thread = threading.Thread(target=loop, daemon=True)
        thread.start()
        threads.append(thread)

    threads = []
    page = b"GET / HTTP/1.1\r\nhost: shop\r\n\r\n"

    def browse(source):
        def work():
            with connect(source, "10.77.0.1", WEB) as s:
                for _ in range(random.randint(1, 6)):
                    ask(s, page)

        return work

    for i in range(1, 6):
        every(0.15, "page", browse(f"10.77.2.{i}"))

    # Scrapes of 40 targets, four of which are down and one of which nobody answers for.
    targets = [f"10.77.1.{i}" for i in range(1, 41)]

    def scrape():
        for target in targets:
            with connect("10.77.2.6", target, METRICS) as s:
                ask(s, page)

    def scrape_down():
        for target in ("10.77.1.1", "10.77.1.2", "10.77.1.3", "10.77.1.4"):
            try:
                connect("10.77.2.6", target, METRICS + 1, 0.2).close()
            except OSError:
                pass

    def scrape_gone():
        connect("10.77.2.6", "10.77.4.9", METRICS, 0.5).close()

    every(0.4, "scrape of 40", scrape)
    every(0.4, "scrape of 4 that are down", scrape_down)
    every(1.0, "scrape of one that is gone", scrape_gone)

    # A database: a pool that stays, and jobs that connect anew.
    pool = [connect("10.77.2.7", "10.77.0.1", DATABASE) for _ in range(8)]

    def question():
        ask(random.choice(pool), b"select" * random.randint(1, 50))

    every(0.02, "question", question)

    def job():
        with connect("10.77.2.8", "10.77.0.1", DATABASE) as s:
            ask(s, b"insert" * 30)

    every(0.5, "job", job)

    def name():
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.bind((f"10.77.2.{random.randint(1, 8)}", 0))
        s.settimeout(1)
        for _ in range(5):  # search domains
            s.sendto(b"\0" * 40, ("10.77.0.1", DNS))
            s.recv(512)
        s.close()

    every(0.05, "name", name)

    def bulk():
        with connect("10.77.2.9", "10.77.0.1", BULK) as s:
            s.sendall(b"y" * 8_000_000)

    every(8, "bulk", bulk)

    # Calls an application whose replicas move on by one every three seconds; what it knows
    # of them is two seconds old.
    def call():
        first = 1 + max(0, int((time.monotonic() - began - 2) / 3))
        replica = min(28, first) + random.randint(0, 2)
        with connect("10.77.2.10", f"10.77.3.{replica}", APP) as s:
            ask(s, page)

    for _ in range(3):
        every(0.2, "call of a deployment", call)
    # Probes of the kubelet's kind: open and close.
    every(0.2, "probe", lambda: connect("10.77.0.2", "10.77.0.1", WEB).close())

    for thread in threads:
        thread.join(seconds + 30)
    for kind, n in sorted(counts.done.items()):
        print(f"{n:6} {kind}")


if __name__ == "__main__":
    if sys.argv[1:] == ["serve"]:
        serve()
    elif len(sys.argv) == 3 and sys.argv[1] == "use":
        use(float(sys.argv[2]))
    else:
        sys.exit(__doc__)
