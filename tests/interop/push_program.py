#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The program sp-tsm with --fcm: it wakes a phone by a push service that is played here, notes that as asked and
not as done, and answers phones while that service hangs. usage: push_program.py SP-TSM; prints TAP."""
import contextlib
import http.client
import http.server
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

PROGRAM = sys.argv[1]
WORK = tempfile.TemporaryDirectory()
COUNT = 0


def path(name):
    return os.path.join(WORK.name, name)


def report(good, name, why=""):
    global COUNT
    COUNT += 1
    print(f"{'ok' if good else 'not ok'} {COUNT} - {name}", flush=True)
    if not good:
        print(f"#   {why}", flush=True)


class Service(http.server.BaseHTTPRequestHandler):
    """Token endpoint and messages:send."""
    requests = []
    hang = threading.Event()  # set: requests are answered at once

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.requests.append((self.path, self.headers.get("Authorization"), body))
        self.hang.wait(20)
        if self.path == "/token":
            answer = {"access_token": "ya29.invented", "expires_in": 3600, "token_type": "Bearer"}
        else:
            answer = {"name": "projects/mihon-1/messages/1"}
        text = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        with contextlib.suppress(BrokenPipeError):  # who has hung up does not mind
            self.end_headers()
            self.wfile.write(text)

    def log_message(self, *_):
        pass


def make_files(port):
    """A service account, the CA of a maker, a folder and a directory."""
    subprocess.run(["openssl", "genrsa", "-out", path("key.pem"), "2048"], check=True, capture_output=True)
    subprocess.run(["openssl", "req", "-x509", "-key", path("key.pem"), "-subj", "/CN=invented maker", "-days", "30",
                    "-outform", "DER", "-out", path("maker.der"), "-addext", "basicConstraints=critical,CA:TRUE"],
                   check=True, capture_output=True)
    with open(path("account.json"), "w", encoding="utf-8") as file, open(path("key.pem"), encoding="utf-8") as key:
        json.dump({"type": "service_account", "project_id": "mihon-1", "private_key_id": "1", "private_key": key.read(),
                   "client_email": "push@mihon-1.example", "token_uri": f"http://127.0.0.1:{port}/token"}, file)
    os.chmod(path("account.json"), 0o600)
    os.mkdir(path("sp-tsm"), 0o700)
    entry = subprocess.run([PROGRAM, "--folder", path("sp-tsm"), "--identity"], check=True, capture_output=True).stdout
    with open(path("directory.json"), "w", encoding="utf-8") as file:
        json.dump({"parties": [json.loads(entry)]}, file)


def start(port):
    """Starts the program; its port, or None when it did not start."""
    program = subprocess.Popen(
        [PROGRAM, "--folder", path("sp-tsm"), "--directory", path("directory.json"), "--listen", "127.0.0.1:0",
         "--maker-ca", path("maker.der"), "--fcm", path("account.json"), "--fcm-service", f"http://127.0.0.1:{port}"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    line = program.stdout.readline()
    return program, int(line.rsplit(":", 1)[1]) if "listens" in line else None


def stop(program):
    program.terminate()
    return program.wait(30)


def store(question, *values):
    """Asks the program's store, which is the program's alone while it runs."""
    with contextlib.closing(sqlite3.connect(path("sp-tsm/party.db"))) as database, database:
        return database.execute(question, values).fetchall()


def phase_of_wake():
    return store("SELECT phase FROM push_wake")[0][0]


def ask_for_wake():
    now = int(time.time())
    store("INSERT INTO push_token (identity, token, named_at) VALUES ('MTM-0001', 'token-1', ?)", now)
    store("INSERT INTO push_wake (identity, id, phase, outcome, repeats, attempts, next_at, since) "
          "VALUES ('MTM-0001', ?, 0, 0, 0, 0, ?, ?)", bytes(range(16)), now, now)


def answers_quickly(port):
    begun = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("POST", "/phone/state", b"\xa0", {"Content-Type": "application/cbor"})
    connection.getresponse().read()
    return time.monotonic() - begun < 2


def wait_until(condition, seconds=40):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = server.server_address[1]
    make_files(port)

    program, own = start(port)
    report(own is not None, "it starts with a service account")
    report(stop(program) == 0, "it ends when it is told to")

    ask_for_wake()
    program, own = start(port)
    asked = wait_until(lambda: Service.requests, 20)
    quick = asked and all(answers_quickly(own) for _ in range(3))
    report(quick, "a phone is answered while the push service hangs", Service.requests)
    report(stop(program) == 0, "it ends while the push service hangs")
    report(phase_of_wake() == 0, "what the service has not taken is not called asked")

    store("UPDATE push_wake SET next_at = 0, repeats = 0")  # as after a visit of the phone: due at once
    Service.hang.set()
    program, own = start(port)
    wait_until(lambda: any(r[0] != "/token" for r in Service.requests))
    time.sleep(14)  # the schedule's first wait, in which the answer is fetched
    report(stop(program) == 0, "it ends when it is told to, again")
    report(phase_of_wake() == 1, "what it took is asked, not done")
    sent = [r for r in Service.requests if r[0] == "/v1/projects/mihon-1/messages:send"]
    wanted = {"token": "token-1", "data": {"kind": "wake", "id": bytes(range(16)).hex()}}
    message = json.loads(sent[0][2])["message"] if sent else {}
    report(sent and sent[0][1] == "Bearer ya29.invented" and {k: message[k] for k in wanted} == wanted,
           "the message is for that phone, and carries a number", sent)

    os.chmod(path("account.json"), 0o644)
    program, own = start(port)
    report(own is None and program.wait(30) != 0, "an account that others can read is refused")
    print(f"1..{COUNT}")


main()
