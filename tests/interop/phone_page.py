#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The program `phone` with its page: who may use it, and what its holder does there. usage: phone_page.py PHONE
MITOME MATCHER. Prints TAP."""

import hashlib
import http.client
import json
import os
import re
import select
import subprocess
import sys
import tempfile
import time
import tty

PATIENCE_S = 60
INDEX, STRANGER = 0, 3

tests = []


def test(function):
    tests.append(function)
    return function


class Refused(Exception):
    pass


def must(value, what="it is not so"):
    if not value:
        raise Refused(what)


class Phone:
    """The program, and a browser with its page."""

    def __init__(self, words, folder):
        self.words, self.folder = words, folder
        self.trust, self.hid = folder + "/trust", folder + "/hid"
        self.cookie = self.csrf = None
        self.start()

    def start(self):
        phone, mitome, matcher = self.words
        self.process = subprocess.Popen(
            [phone, "--folder", self.folder + "/phone", "--trust-out", self.trust, "--listen", "127.0.0.1:0",
             "--hid", "pty:" + self.hid, "--program", mitome, "--matcher", matcher],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        line = self.process.stdout.readline()
        found = re.fullmatch(r"phone is at http://(127\.0\.0\.1:(\d+))/#([0-9a-f]{32})\n", line)
        must(found, "it says " + repr(line))
        self.host, self.port, self.secret = found[1], int(found[2]), found[3]
        self.origin = "http://" + self.host

    def stop(self):
        self.process.terminate()
        return self.process.wait(PATIENCE_S)

    def send(self, method, path, body=None, headers=None, kind="application/json"):
        """Exactly these headers, besides Host where it is not among them."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        headers = dict(headers or {})
        if body is not None:
            body = body if isinstance(body, bytes) else json.dumps(body).encode()
            headers["Content-Type"] = kind
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, content, answer

    def own(self, **changed):
        """What the page sends; None: left out."""
        headers = {"Origin": self.origin, "Cookie": "phone=" + (self.cookie or ""), "X-CSRF": self.csrf or ""}
        headers.update({name.replace("_", "-"): value for name, value in changed.items()})
        return {name: value for name, value in headers.items() if value is not None}

    def open(self):
        status, content, answer = self.send("POST", "/api/open", {"secret": self.secret}, {"Origin": self.origin})
        must(status == 200, "it is not opened: %d" % status)
        header = answer.getheader("Set-Cookie")
        self.cookie, self.csrf = re.match(r"phone=([0-9a-f]{64});", header)[1], json.loads(content)["csrf"]
        return header

    def get(self, path):
        status, content, _ = self.send("GET", path, headers=self.own())
        must(status == 200, "%s answers %d" % (path, status))
        return json.loads(content)

    def post(self, path, body, expected=200):
        status, content, _ = self.send("POST", path, body, self.own())
        must(status == expected, "%s answers %d: %s" % (path, status, content.decode()))
        return json.loads(content)

    def await_screen(self, wanted):
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            screen = self.get("/api/screen")
            if wanted(screen):
                return screen
            time.sleep(0.05)
        raise Refused("the screen shows " + json.dumps(screen))

    def await_end(self, errand):
        return self.await_screen(lambda screen: screen["last_errand"] >= errand)["last_code"]

    def wish(self, wish, secret="", **more):
        """A wish whose one question is answered yes."""
        errand = self.post("/api/wish", {"wish": wish, **more})["errand"]
        screen = self.await_screen(lambda screen: screen["state"] == "question")
        self.post("/api/reply", {"prompt": screen["prompt"], "yes": True, "secret": secret})
        return self.await_end(errand)


# ---- who may use it ----


@test
def a_page_of_another_name_that_points_here_is_not_answered_dns_rebinding(phone):
    for host in ("evil.example", "evil.example:%d" % phone.port, "127.0.0.1.evil.example"):
        for path in ("/", "/api/screen", "/api/open"):
            status, content, _ = phone.send("GET", path, headers={"Host": host})
            must(status in (400, 403, 404, 421), "%s is answered %d" % (host, status))
            must(b"csrf" not in content)


@test
def whoever_has_not_the_secret_sees_nothing(phone):
    for path in ("/api/screen", "/api/state", "/api/log"):
        for cookie in (None, "phone=", "phone=" + "0" * 64):
            status, content, _ = phone.send("GET", path, headers={"Cookie": cookie} if cookie else {})
            must(status == 403 and json.loads(content)["code"] == "E1398", "%s answers %d" % (path, status))


@test
def a_wrong_secret_opens_nothing(phone):
    for secret in ("", "0" * 32, phone.secret[:-1], phone.secret + "0", phone.secret.upper() + " ", None, 7):
        status, content, answer = phone.send("POST", "/api/open", {"secret": secret}, {"Origin": phone.origin})
        must(status == 403 and answer.getheader("Set-Cookie") is None, "%r answers %d" % (secret, status))


@test
def another_sites_page_does_not_open_it_with_the_right_secret(phone):
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {},
                    {"Origin": phone.origin + "0"}, {"Origin": "http://localhost:%d" % phone.port},
                    {"Origin": phone.origin, "Sec-Fetch-Site": "cross-site"}):
        status, content, answer = phone.send("POST", "/api/open", {"secret": phone.secret}, headers)
        must(status in (400, 403) and answer.getheader("Set-Cookie") is None, "%r answers %d" % (headers, status))


@test
def the_secret_opens_it_and_its_cookie_is_for_no_script_and_no_other_site(phone):
    header = phone.open()
    must("HttpOnly" in header and "SameSite=Strict" in header, header)
    must(phone.get("/api/screen")["state"] == "rests")


@test
def a_request_forged_by_another_site_does_nothing_csrf(phone):
    forged = (dict(X_CSRF=None), dict(X_CSRF="0" * 64), dict(X_CSRF=""), dict(Origin="https://evil.example"),
              dict(Origin=None), dict(Origin="null"), dict(Sec_Fetch_Site="cross-site"), dict(Cookie=None))
    for changed in forged:
        for path, body in (("/api/wish", {"wish": "erase"}), ("/api/touch", {"prompt": 1, "finger": 0}),
                           ("/api/reply", {"prompt": 1, "yes": True}), ("/api/link", {"link": "x"}),
                           ("/api/cancel", {"errand": 0}), ("/api/pin-instead", {"prompt": 1})):
            status, _, _ = phone.send("POST", path, body, phone.own(**changed))
            must(status in (400, 403), "%s with %r answers %d" % (path, changed, status))
    must(phone.get("/api/screen")["errand"] == 0, "an errand was begun")


@test
def another_site_reads_nothing_even_with_the_cookie(phone):
    for site in ("cross-site", "same-site"):
        status, _, _ = phone.send("GET", "/api/state", headers=phone.own(Sec_Fetch_Site=site))
        must(status == 403, "%s answers %d" % (site, status))


@test
def a_cookie_that_was_sent_to_another_port_of_this_machine_opens_nothing(phone):
    for path in ("/api/screen", "/api/state", "/api/log"):
        for token in (None, "", "0" * 64):
            status, content, _ = phone.send("GET", path, headers=phone.own(X_CSRF=token))
            must(status == 403 and phone.csrf not in content.decode(), "%s answers %d" % (path, status))
    status, content, _ = phone.send("POST", "/api/open", {}, phone.own(X_CSRF=None))
    must(status == 403 and phone.csrf not in content.decode(), "it is told the token")


@test
def the_page_runs_nothing_from_elsewhere_and_is_in_both_languages(phone):
    for language, word in (("en", "Fingerprint sensor"), ("ja", "指紋センサー")):
        status, content, answer = phone.send("GET", "/?language=" + language)
        must(status == 200 and word in content.decode() and '<html lang="%s">' % language in content.decode())
        must("default-src 'none'; script-src 'self'" in answer.getheader("Content-Security-Policy"))
        must(not re.search(r'(src|href)="(https?:)?//', content.decode()), "something is elsewhere")


@test
def what_is_no_request_is_refused(phone):
    for path, body in (("/api/wish", b"{"), ("/api/wish", b'{"wish":"hold","wish":"erase"}'), ("/api/wish", b"[]"),
                       ("/api/wish", {"wish": "anything"}), ("/api/wish", {"wish": "remove-finger", "id": "zz"}),
                       ("/api/wish", {"wish": "enrol", "name": "x" * 65}), ("/api/touch", {"prompt": 1, "finger": -1}),
                       ("/api/touch", {"prompt": 1, "finger": "0"}), ("/api/touch", {"finger": 0}), ("/api/reply", {"yes": True}),
                       ("/api/link", {"link": "x" * 1025})):
        phone.post(path, body, 400)
    must(phone.get("/api/screen")["errand"] == 0, "an errand was begun")


# ---- what its holder does ----


@test
def a_finger_that_nobody_asked_for_is_refused(phone):
    phone.post("/api/touch", {"prompt": 1, "finger": INDEX}, 409)


@test
def an_answer_to_a_question_that_is_over_is_refused(phone):
    phone.post("/api/reply", {"prompt": 4711, "yes": True}, 409)
    phone.post("/api/pin-instead", {"prompt": 4711}, 409)


@test
def a_wrong_pin_shows_no_fingers_and_the_right_one_does(phone):
    must(phone.wish("fingers", "9999") == 692)
    state = phone.get("/api/state")
    must(state["pin_tries"] == 2 and not state["fingers_known"])
    must(phone.wish("fingers", "1234") == 0)
    state = phone.get("/api/state")
    must(state["pin_tries"] == 3 and len(state["fingers"]) == 2)


def answer(phone, errand, secrets):
    """The questions of an errand, one after the other."""
    last = 0
    for secret in secrets:
        screen = phone.await_screen(lambda screen: screen["last_errand"] >= errand or
                                    screen["state"] == "question" and screen["prompt"] > last)
        if screen["last_errand"] >= errand:
            break
        last = screen["prompt"]
        phone.post("/api/reply", {"prompt": last, "yes": True, "secret": secret})
    return phone.await_end(errand)


@test
def a_locked_pin_opens_nothing_until_the_card_has_it_set_anew(phone):
    for _ in range(3):
        must(phone.wish("fingers", "9999") == 692)
    must(phone.get("/api/state")["pin_tries"] == 0 and not phone.get("/api/state")["finger_open"])
    must(phone.wish("fingers", "1234") == 692, "a locked PIN opens")
    must(answer(phone, phone.post("/api/wish", {"wish": "reset-pin"})["errand"], ("WRONG999",)) == 821)
    must(answer(phone, phone.post("/api/wish", {"wish": "reset-pin"})["errand"], ("PASSWORD1", "4649")) == 0)
    must(phone.wish("fingers", "1234") == 692, "the former PIN opens")
    must(phone.wish("fingers", "4649") == 0 and phone.get("/api/state")["pin_tries"] == 3)
    must(answer(phone, phone.post("/api/wish", {"wish": "reset-pin"})["errand"], ("PASSWORD1", "1234")) == 0)


@test
def a_picture_that_is_none_is_refused_and_the_wait_is_cancelled(phone):
    errand = phone.post("/api/wish", {"wish": "enrol", "name": "薬指"})["errand"]
    screen = phone.await_screen(lambda screen: screen["state"] == "question")
    phone.post("/api/reply", {"prompt": screen["prompt"], "yes": True, "secret": "1234"})
    prompt = phone.await_screen(lambda screen: screen["state"] == "finger")["prompt"]
    for path, body in (("/api/touch", {"prompt": prompt - 1, "finger": INDEX}),
                       ("/api/touch", {"prompt": prompt + 2 ** 32, "finger": INDEX})):
        must(phone.post(path, body, 409)["code"] == "E1396", "another prompt's finger is taken")
    for image in (b"GIF89a", b"P5\n1 1\n255\n", b"P5\n99999 1\n255\n"):
        until = time.monotonic() + PATIENCE_S
        while True:  # the sensor may not be ready yet
            status, content, _ = phone.send("POST", "/api/touch-image?prompt=%d" % prompt, image, phone.own(), "image/x-portable-graymap")
            if status != 409 or time.monotonic() > until:
                break
            time.sleep(0.05)
        must(status == 400, "%r answers %d %s" % (image, status, content.decode()))
    phone.post("/api/cancel", {"errand": errand + 1}, 409)
    phone.post("/api/cancel", {"errand": 0}, 409)
    must(phone.get("/api/screen")["errand"] == errand, "another errand's number ended it")
    phone.post("/api/cancel", {"errand": errand})
    must(phone.await_end(errand) != 0)


@test
def another_programs_request_waits_for_what_the_holder_says_on_the_page(phone):
    """A host over CTAPHID, as --uhid would have one: authenticatorSelection needs a touch, which the page gives."""
    wire = os.open(phone.hid, os.O_RDWR | os.O_NOCTTY)
    tty.setraw(wire)

    def exchange(channel, command, payload):
        os.write(wire, b"\0" + (channel + bytes([0x80 | command, 0, len(payload)]) + payload).ljust(64, b"\0"))

    def receive():
        must(select.select([wire], [], [], PATIENCE_S)[0], "nothing comes")
        return os.read(wire, 64)

    exchange(b"\xff" * 4, 0x06, b"12345678")
    report = receive()
    must(report[7:15] == b"12345678")
    channel = report[15:19]
    for yes, status in ((False, 0x27), (True, 0x00)):
        exchange(channel, 0x10, b"\x0b")
        screen = phone.await_screen(lambda screen: screen["state"] == "touch")
        must(screen["reason"] == "select")
        phone.post("/api/reply", {"prompt": screen["prompt"], "yes": yes})
        while (report := receive())[4] == 0xBB:
            pass
        must(report[4] == 0x90 and report[7] == status, report[:8].hex())
    os.close(wire)


def list_digest(phone):
    with open(phone.trust + "/crl/user-verification.crl", "rb") as file:
        return file.read()


def serial(phone):
    return bytes.fromhex(phone.get("/api/state")["certificates"][0]["serial"])


@test
def what_is_held_stands_on_the_list_until_it_is_released(phone):
    held = serial(phone)
    must(held not in list_digest(phone))
    must(phone.wish("hold") == 0 and held in list_digest(phone))
    must(phone.get("/api/state")["certificates"][0]["status"] == "hold")
    must(phone.wish("release") == 0 and held not in list_digest(phone))


@test
def the_phone_is_found_again_when_the_program_begins_again(phone):
    former, cookie = serial(phone), phone.cookie
    must(phone.stop() == 0)
    phone.start()
    status, _, _ = phone.send("GET", "/api/state", headers={"Cookie": "phone=" + cookie})
    must(status == 403, "a former run's cookie answers %d" % status)
    phone.open()
    phone.await_screen(lambda screen: len(phone.get("/api/state")["certificates"][0]["serial"]) > 0)
    must(serial(phone) == former)


@test
def no_pin_is_in_what_the_developer_sees(phone):
    must(phone.wish("fingers", "1234") == 0)
    text = json.dumps(phone.get("/api/log?after=0"))
    must("authenticatorClientPIN" in text and "apdu-command" in text)
    must(hashlib.sha256(b"1234").hexdigest()[:32] not in text.lower(), "the PIN's hash is in it")


@test
def revoked_is_listed_and_gone_from_the_phone(phone):
    revoked = serial(phone)
    must(phone.wish("revoke") == 0)
    must(revoked in list_digest(phone))
    must(not any(certificate["there"] for certificate in phone.get("/api/state")["certificates"]))


@test
def erased_it_has_neither_pin_nor_fingers(phone):
    must(phone.wish("erase") == 0)
    state = phone.get("/api/state")
    must(not state["has_pin"] and not state["finger_open"] and state["credentials"] == 0 and not state["fingers"])


@test
def it_listens_for_nobody_but_this_machine(phone):
    for address in ("0.0.0.0:0", "[::]:0", "127.0.0.1", "127.0.0.1:65536", "127.0.0.1:1x", "127.0.0.1:"):
        ended = subprocess.run([phone.words[0], "--folder", phone.folder + "/other", "--listen", address],
                               capture_output=True, timeout=PATIENCE_S)
        must(ended.returncode == 2 and b"phone is at" not in ended.stdout, address)


@test
def a_folder_above_that_is_missing_is_named(phone):
    missing = phone.folder + "/missing"
    for words, named in ((["--folder", missing + "/phone"], b"--folder"),
                         (["--folder", phone.folder + "/other", "--trust-out", missing + "/trust"], b"--trust-out")):
        ended = subprocess.run([phone.words[0], *words, "--listen", "127.0.0.1:0"], capture_output=True, timeout=PATIENCE_S)
        must(ended.returncode != 0 and b"E806 the folder above " + named in ended.stderr, ended.stderr)


def main():
    print("1..%d" % len(tests))
    with tempfile.TemporaryDirectory() as folder:
        phone = Phone(sys.argv[1:4], folder)
        wrong = 0
        for number, function in enumerate(tests, 1):
            try:
                function(phone)
                print("ok %d - %s" % (number, function.__name__), flush=True)
            except Exception as error:  # said, and the others go on
                wrong += 1
                print("not ok %d - %s\n# %s: %s" % (number, function.__name__, type(error).__name__, error), flush=True)
        phone.stop()
    sys.exit(1 if wrong else 0)


main()
