# SPDX-License-Identifier: Apache-2.0
"""python-fido2 of today at the authenticator, over a terminal, a socket or a card reader.

usage: client_python.py MITOME FOLDER pty|unix|pcsc [TEST..]; prints TAP. Every group of tests begins with an
authenticator that nobody has used, as a program of its own."""
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import traceback

from fido2 import cbor
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.x509 import load_der_x509_certificate
from fido2.client import ClientError, DefaultClientDataCollector, Fido2Client, UserInteraction
from fido2.cose import ES256, ES384, RS256, CoseKey, EdDSA
from fido2.ctap import STATUS, CtapError
from fido2.ctap1 import ApduError, Ctap1
from fido2.ctap2 import Ctap2, extensions
from fido2.ctap2.bio import BioEnrollment, CaptureError, FPBioEnrollment
from fido2.ctap2.blob import LargeBlobs
from fido2.ctap2.config import Config
from fido2.ctap2.credman import CredentialManagement
from fido2.ctap2.pin import ClientPin, PinProtocolV1, PinProtocolV2
from fido2.hid import CTAPHID, CtapHidDevice
from fido2.hid.base import CtapHidConnection, HidDescriptor
from fido2.mds3 import MetadataStatement
from fido2.server import Fido2Server
from fido2.utils import sha256, websafe_encode
from fido2.webauthn import (AttestationObject, AuthenticationResponse, AuthenticatorAssertionResponse, AuthenticatorAttestationResponse,
                            CollectedClientData, RegistrationResponse)

MITOME, FOLDER, WAY = sys.argv[1:4]
ONLY = sys.argv[4:]
PIN = "a1b2c3d4"
ORIGIN = "https://example.com"
RP = {"id": "example.com", "name": "Example RP"}
PROTOCOLS = (PinProtocolV1, PinProtocolV2)
PERMISSION = ClientPin.PERMISSION
READER = "Virtual PCD 00 00"


# ---- ways to it ----

class TerminalConnection(CtapHidConnection):
    """A report is written with its number before it, as to a hidraw device."""

    def __init__(self, path):
        self.file = os.open(path, os.O_RDWR | os.O_NOCTTY)

    def read_packet(self):
        report = b""
        while len(report) < 64:
            report += os.read(self.file, 64 - len(report))
        return report

    def write_packet(self, data):
        os.write(self.file, b"\0" + data)

    def close(self):
        os.close(self.file)


class SocketConnection(CtapHidConnection):
    """As a HID device does, the socket gives every report to everybody: another one's channel is passed over."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.settimeout(60)
        self.socket.connect(path)
        self.channel = None

    def read_packet(self):
        while True:
            report = self.socket.recv(65)
            assert len(report) == 64, f"a report of {len(report)} bytes"
            if self.channel is None or report[:4] == self.channel:
                return report

    def write_packet(self, data):
        self.socket.send(data)

    def close(self):
        self.socket.close()


class Authenticator:
    """The program, its state folder and what it prints."""

    def __init__(self, name, *options):
        self.state = os.path.join(FOLDER, name)
        self.path = os.path.join(FOLDER, "hid-" + name)
        self.options = options
        self.devices = []
        self.start()

    def start(self):
        if WAY == "pcsc":
            way = ["--vpcd", "127.0.0.1:35963"]
        else:
            way = ["--hid", f"{WAY}:{self.path}"]
        self.log = open(os.path.join(FOLDER, "authenticator.log"), "ab")
        self.process = subprocess.Popen([MITOME, "authenticator", "--state", self.state, "--touch", "auto", *way, *self.options],
                                        stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        end = time.monotonic() + 20
        while not self.is_there():
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError("the authenticator does not start")
            time.sleep(0.05)

    def is_there(self):
        if WAY != "pcsc":
            return os.path.exists(self.path)
        try:
            self.open().close()
            return True
        except Exception:  # whatever pyscard says of an empty reader
            return False

    def open(self):
        if WAY == "pcsc":
            from fido2.pcsc import CtapPcscDevice
            from smartcard.System import readers
            device = CtapPcscDevice([r for r in readers() if r.name == READER][0].createConnection(), READER)
        else:
            connection = TerminalConnection(self.path) if WAY == "pty" else SocketConnection(self.path)
            device = CtapHidDevice(HidDescriptor(self.path, 0, 0, 64, 64, "", ""), connection)
        self.devices.append(device)
        return device

    def stop(self):
        for device in self.devices:
            try:
                device.close()
            except Exception:  # it may be gone already
                pass
        self.devices = []
        self.process.send_signal(signal.SIGTERM)
        self.status = self.process.wait(20)
        self.log.close()
        if WAY == "pcsc":
            time.sleep(0.5)  # the reader needs a moment to see it
        elif os.path.exists(self.path):
            os.unlink(self.path)

    def again(self):
        self.stop()
        self.start()
        return self.open()


# ---- what the tests share ----

class User(UserInteraction):
    def __init__(self, pin=PIN, uv=False):
        self.pin, self.uv, self.touches = pin, uv, 0

    def prompt_up(self):
        self.touches += 1

    def request_pin(self, permissions, rp_id):
        return self.pin

    def request_uv(self, permissions, rp_id):
        return self.uv


def client(device, pin=PIN, more=None, origin=ORIGIN, uv=False):
    known = extensions_of_a_browser() + (more or [])
    return Fido2Client(device, client_data_collector=DefaultClientDataCollector(origin), user_interaction=User(pin, uv), extensions=known)


def extensions_of_a_browser():
    return [extensions.HmacSecretExtension(), extensions.LargeBlobExtension(), extensions.CredBlobExtension(),
            extensions.CredProtectExtension(), extensions.MinPinLengthExtension(), extensions.CredPropsExtension()]


def register(browser, user=b"user", alg=None, wanted=None, **options):
    """A registration that a server verified, attestation and all. Where there is no PIN yet, nobody can be verified."""
    if not browser.info.options.get("clientPin"):
        options.setdefault("user_verification", "discouraged")
    server = Fido2Server(RP, attestation="direct")
    create, state = server.register_begin({"id": user, "name": user.decode(), "displayName": user.decode()}, **options)
    public = dict(create["publicKey"])
    if alg is not None:
        public["pubKeyCredParams"] = [{"type": "public-key", "alg": alg}]
    if wanted:
        public["extensions"] = wanted
    result = browser.make_credential(public)
    return server.register_complete(state, result), result


def log_in(browser, credentials, wanted=None, user_verification=None):
    server = Fido2Server(RP)
    if not browser.info.options.get("clientPin"):
        user_verification = "discouraged"
    request, state = server.authenticate_begin(credentials, user_verification=user_verification)
    public = dict(request["publicKey"])
    if wanted:
        public["extensions"] = wanted
    selection = browser.get_assertion(public)
    result = selection.get_response(0)
    if credentials:
        server.authenticate_complete(state, credentials, result)
    return selection, result


def by_finger(call, *arguments, **named):
    """A right finger is missed now and then: whoever it belongs to lays it once more, and a third time."""
    for _ in range(2):
        try:
            return call(*arguments, **named)
        except (ClientError, CtapError) as error:
            told = error.cause if isinstance(error, ClientError) else error
            if getattr(told, "code", None) != ERR.UV_INVALID:
                raise
    return call(*arguments, **named)


def refused(code, call, *arguments, **named):
    """It must be refused with one of these."""
    codes = code if isinstance(code, tuple) else (code,)
    try:
        call(*arguments, **named)
    except CtapError as error:
        assert error.code in codes, f"{error} in place of {codes}"
        return
    except ClientError as error:
        cause = error.cause
        assert isinstance(cause, CtapError) and cause.code in codes, f"{error!r} in place of {codes}"
        return
    raise AssertionError(f"not refused with {codes}")


ERR = CtapError.ERR


def token(ctap, protocol, permissions, rp_id=None, pin=PIN):
    return ClientPin(ctap, protocol).get_pin_token(pin, permissions, rp_id)


def make(ctap, user=b"user", rp=RP, **more):
    """makeCredential as it goes over the wire."""
    return ctap.make_credential(b"\x11" * 32, rp, {"id": user, "name": "n", "displayName": "d"},
                                more.pop("algorithms", [{"type": "public-key", "alg": -7}]), **more)


def touched(data):
    return bool(data.flags & 1)


def verified(data):
    return bool(data.flags & 4)


GROUPS = []


def group(*ways, options=()):
    """A group of tests, for all ways or for those that are named, with more options for the program."""
    def add(function):
        GROUPS.append((function, ways, options))
        return function
    return add


count = broken = 0


def ok(name, result=True, told=None):
    global count, broken
    count += 1
    if not result:
        broken += 1
    print(("ok" if result else "not ok") + f" {count} - {name}")
    if not result and told:
        for line in told.splitlines():
            print("#   " + line)
    sys.stdout.flush()


class step:
    """with step('what must be'): .. is one line of TAP."""

    def __init__(self, name):
        self.name = name

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        told = None if error is None else "".join(traceback.format_exception(kind, error, trace))
        ok(self.name, error is None, told)
        return error is None or isinstance(error, Exception)


# ---- the groups ----

@group()
def getinfo(authenticator):
    ctap = Ctap2(authenticator.open())
    info = ctap.info
    # [6.4] [6.4 0x01] [6.4 0x06] [11.2.9.1.2]
    with step("getInfo: versions, both PIN protocols, canonical CBOR"):
        assert {"FIDO_2_0", "FIDO_2_1", "U2F_V2"} <= set(info.versions) and set(info.pin_uv_protocols) == {1, 2}
    # [6.4 0x05] [6.4 0x07] [6.4 0x08]
    with step("the list that it promises to take fits its longest message"):
        wish = {1: "x" * 253, 2: b"\0" * 32, 3: [{"type": "public-key", "id": b"\0" * info.max_cred_id_length}] * info.max_creds_in_list,
                4: {"hmac-secret": {1: {1: 2, 3: -25, -1: 1, -2: b"\0" * 32, -3: b"\0" * 32}, 2: b"\0" * 80, 3: b"\0" * 32, 4: 2}},
                5: {"up": True}, 6: b"\0" * 32, 7: 2}
        assert info.max_creds_in_list > 0 and info.max_cred_id_length > 0
        assert 1 + len(cbor.encode(wish)) <= info.max_msg_size <= 7609
    # [6.4 0x07] [6.2.2 7.6]
    with step("and is taken"):
        refused(ERR.NO_CREDENTIALS, ctap.get_assertion, "example.com", b"\0" * 32,
                [{"type": "public-key", "id": bytes([n]) * info.max_cred_id_length} for n in range(info.max_creds_in_list)])
    # [6.4 0x0B]
    with step("a large-blob array of 1024 bytes at least"):
        assert info.max_large_blob >= 1024
    # [6.4 0x02] [6.4 0x04] [6.4 0x0F] [6.4 rk] [6.4 clientPin] [6.4 pinUvAuthToken] [6.4 credMgmt] [6.8.1] [6.4 setMinPINLength] [7.4.1] [6.4 largeBlobs] [6.10.1] [6.4 alwaysUv] [6.4 noMcGaPermissionsWithClientPin] [6.4 plat]
    with step("what belongs together is told together"):
        options = info.options
        assert options["rk"] and options["clientPin"] is False and options["pinUvAuthToken"] and options["credMgmt"]
        assert ("credBlob" in info.extensions) == (info.max_cred_blob_length >= 32)
        assert ("minPinLength" in info.extensions) == bool(options.get("setMinPINLength"))
        assert ("largeBlobKey" in info.extensions) == bool(options.get("largeBlobs"))
        assert options.get("alwaysUv") is False and "U2F_V2" in info.versions
        assert "noMcGaPermissionsWithClientPin" not in options and not options.get("plat")
    # [6.4 0x0A] [6.1.2 3] [6.1.2 3.1.3]
    with step("each algorithm it names makes a credential, and RS256 is not named"):
        named = [a["alg"] for a in info.algorithms]
        assert -7 in named and -257 not in named
        for alg in named:
            assert make(ctap, algorithms=[{"type": "public-key", "alg": alg}]).auth_data.credential_data.public_key[3] == alg
    # [6.4 0x0E]
    with step("that it touches by itself is told"):
        assert info.firmware_version >> 32 == 0x54455354
    # [6.4 0x09]
    with step("its transports are known ones"):
        assert set(info.transports) <= {"usb", "nfc", "ble", "hybrid", "internal", "smart-card"} and info.transports
    # [2.2 6.4 0x16] [6.4 0x0C] [6.4 0x0D]
    with step("attestation formats and the user verification it has"):
        assert "packed" in info.attestation_formats and info.min_pin_length == 4 and info.force_pin_change is False
    # [6.9]
    with step("authenticatorSelection"):
        ctap.selection()
    # [8.1]
    with step("an unknown command is refused"):
        refused(ERR.INVALID_COMMAND, ctap.send_cbor, 0x3F, {})


@group("unix")
def declared(authenticator):
    told = subprocess.run([MITOME, "metadata", "--from", f"unix:{authenticator.path}", "--root", os.path.join(authenticator.state, "maker-ca.pem")],
                          capture_output=True, text=True, timeout=20)
    info = Ctap2(authenticator.open()).info
    with step("its metadata statement reads, and is about this model"):
        assert told.returncode == 0, told.stderr
        statement = MetadataStatement.from_dict(json.loads(told.stdout))
        assert statement.aaguid == info.aaguid and statement.protocol_family == "fido2" and statement.schema == 3
        assert statement.key_protection == ["software"] and statement.matcher_protection == ["software"]
        methods = {path[0].user_verification_method: path[0] for path in statement.user_verification_details}
        assert methods["passcode_external"].ca_desc.min_length == info.min_pin_length
        assert methods["fingerprint_internal"].ba_desc.max_templates == 10
    with step("what it declares of getInfo is what the device answers"):
        declared = statement.authenticator_get_info
        assert declared["versions"] == info.versions and declared["extensions"] == info.extensions
        assert declared["options"] == info.options and declared["aaguid"] == bytes(info.aaguid).hex()
        assert declared["maxMsgSize"] == info.max_msg_size and declared["algorithms"] == info.algorithms
        assert "encIdentifier" not in declared and "remainingDiscoverableCredentials" not in declared
    with step("the root that it names vouches for the attestation of a registration"):
        made = make(Ctap2(authenticator.open()))
        leaf = load_der_x509_certificate(made.att_stmt["x5c"][0])
        root = load_der_x509_certificate(statement.attestation_root_certificates[0])
        root.public_key().verify(leaf.signature, leaf.tbs_certificate_bytes, ECDSA(leaf.signature_hash_algorithm))


@group()
def registration(authenticator):
    device = authenticator.open()
    browser = client(device)
    for cls in (ES256, EdDSA, ES384):
        # [6.1.2 14] [6.1.2 16] [6.1.2 19] [6.2.2 7] [6.2.2 9] [6.2.2 13] [6.1.2 5] [6.1.2 5.1] [6.1.2 14.2] [6.1.2 14.3] [6.2.2 4] [6.2.2 4.1] [6.2.2 9.2] [6.2.2 11] [6.2.2 11.1] [6.1.2 18]
        with step(f"a browser registers and logs in with {cls.__name__}"):
            data, _ = register(browser, alg=cls.ALGORITHM)
            assert data.credential_data.public_key[3] == cls.ALGORITHM and touched(data) and not verified(data)
            log_in(browser, [data.credential_data])
    # [6.1.2 3.2]
    with step("RS256 belongs to the certificate"):
        refused(ERR.UNSUPPORTED_ALGORITHM, register, browser, alg=RS256.ALGORITHM)
    # [6.1.2 3.1.3]
    with step("the first that it can is taken"):
        ctap = Ctap2(device)
        made = make(ctap, algorithms=[{"type": "public-key", "alg": -257}, {"type": "public-key", "alg": -8}, {"type": "public-key", "alg": -7}])
        assert made.auth_data.credential_data.public_key[3] == -8
    data, _ = register(browser)
    with step("its counter grows"):
        first = log_in(browser, [data.credential_data])[1].response.authenticator_data.counter
        second = log_in(browser, [data.credential_data])[1].response.authenticator_data.counter
        assert second > first
    # [6.1.2 12.1] [6.1.2 12]
    with step("an excluded credential is not made"):
        refused(ERR.CREDENTIAL_EXCLUDED, make, ctap, exclude_list=[{"type": "public-key", "id": data.credential_data.credential_id}])
    # [6.1.2 12]
    with step("one of another relying party excludes nothing"):
        make(ctap, rp={"id": "example.org"}, exclude_list=[{"type": "public-key", "id": data.credential_data.credential_id}])
    with step("nor does an unknown kind of credential"):
        make(ctap, exclude_list=[{"type": "rot13", "id": data.credential_data.credential_id}])
    # [6.2.2 9.3] [6.2.2 3]
    with step("a pre-flight without a touch"):
        silent = ctap.get_assertion(RP["id"], b"\x22" * 32, [{"type": "public-key", "id": data.credential_data.credential_id}], options={"up": False})
        assert not touched(silent.auth_data) and not verified(silent.auth_data)
        silent.verify(b"\x22" * 32, data.credential_data.public_key)
    # [6.1.2 5.6]
    with step("makeCredential without a touch there is none"):
        refused(ERR.INVALID_OPTION, make, ctap, options={"up": False})
    # [6.1.2 5] [8 unknown]
    with step("unknown options change nothing"):
        make(ctap, options={"unknown": True})
    # [6.1.2 5.3] [6.1.2 5.3.2]
    with step("uv where there is none"):
        refused((ERR.INVALID_OPTION, ERR.UNSUPPORTED_OPTION), make, ctap, options={"uv": True})
    # [6.1.2 1] [6.1.2 1.1] [6.1.2 1.3] [6.2.2 1] [6.2.2 1.1] [6.2.2 1.3]
    with step("without a PIN, an empty pinUvAuthParam asks for the touch and says so"):
        refused(ERR.PIN_NOT_SET, make, ctap, pin_uv_param=b"", pin_uv_protocol=2)
        refused(ERR.PIN_NOT_SET, ctap.get_assertion, RP["id"], b"\0" * 32, pin_uv_param=b"", pin_uv_protocol=2)
    for name, wish in {
            "no clientDataHash": {2: RP, 3: {"id": b"u"}, 4: [{"type": "public-key", "alg": -7}]},
            "no rp": {1: b"\0" * 32, 3: {"id": b"u"}, 4: [{"type": "public-key", "alg": -7}]},
            "no user": {1: b"\0" * 32, 2: RP, 4: [{"type": "public-key", "alg": -7}]},
            "no algorithms": {1: b"\0" * 32, 2: RP, 3: {"id": b"u"}}}.items():
        # [8.2]
        with step(f"makeCredential with {name}"):
            refused(ERR.MISSING_PARAMETER, ctap.send_cbor, Ctap2.CMD.MAKE_CREDENTIAL, wish)
    # [8 canonical] [8 order] [8 definite]
    with step("CBOR that is not canonical"):
        refused(ERR.INVALID_CBOR, raw, device, b"\x02\xa2\x02\x58\x20" + b"\0" * 32 + b"\x01\x61\x61")
        refused(ERR.INVALID_CBOR, raw, device, b"\x02\xa1\x18\x01\x61\x61")
        refused(ERR.INVALID_CBOR, raw, device, b"\x02\xbf\xff")
    # [8.2] [6.4]
    with step("CBOR that ends early, and more behind its end"):
        refused(ERR.INVALID_CBOR, raw, device, b"\x02\xa1\x01\x61")
        refused((ERR.INVALID_CBOR, ERR.INVALID_LENGTH), raw, device, b"\x04\x00")
    with step("the refusals left it in order"):
        log_in(browser, [data.credential_data])


def raw(device, message):
    answer = device.call(CTAPHID.CBOR, message)
    if answer[0]:
        raise CtapError(answer[0])
    return answer


@group()
def many_assertions(authenticator):
    ctap = Ctap2(authenticator.open())
    users = [f"user {n}".encode() for n in range(25)]
    # [6.1.2 5.4] [6.1.2 17] [6.1.2 17.1] [6.1.2 17.3]
    with step("25 discoverable credentials of one relying party"):
        for user in users:
            make(ctap, user=user, options={"rk": True})
    # [6.2.2 7.2] [6.2.2 12.2.1] [6.2.2 12.2.2] [6.3 4] [6.3 5] [6.3 6] [6.3 7] [6.2.2 7.7] [6.2.2 12] [6.2.2 12.2] [6.3 8]
    with step("all are given, newest first"):
        found = ctap.get_assertions(RP["id"], b"\x33" * 32)
        assert found[0].number_of_credentials == 25
        assert [a.user["id"] for a in found] == users[::-1]
    # [6.2.2 12.3]
    with step("the first says how many, the others do not, and no name is told without verification"):
        assert all(a.number_of_credentials is None for a in found[1:]) and all(set(a.user) == {"id"} for a in found)
    # [6.3 2]
    with step("after the last there is none"):
        refused(ERR.NOT_ALLOWED, ctap.get_next_assertion)
    # [6.3 1]
    with step("another command ends the chain"):
        ctap.get_assertion(RP["id"], b"\x33" * 32)
        refused(ERR.NO_CREDENTIALS, ctap.get_assertion, "example.org", b"\x33" * 32)
        refused(ERR.NOT_ALLOWED, ctap.get_next_assertion)
    # [6.1.2 17.2]
    with step("the same user again takes the place of the old one"):
        make(ctap, user=users[3], options={"rk": True})
        found = ctap.get_assertions(RP["id"], b"\x33" * 32)
        assert len(found) == 25 and found[0].user["id"] == users[3]


@group()
def client_pin(authenticator):
    device = authenticator.open()
    ctap = Ctap2(device)
    pin = ClientPin(ctap)
    # [6.5.5.6]
    with step("no token before there is a PIN"):
        refused(ERR.PIN_NOT_SET, pin.get_pin_token, PIN, PERMISSION.GET_ASSERTION)
        refused(ERR.PIN_NOT_SET, pin.change_pin, PIN, "another one")
    # [6.5.5.5 7] [6.5.5.5 9] [6.5.1]
    with step("a PIN of 3 code points and one of 64 bytes are refused"):
        refused(ERR.PIN_POLICY_VIOLATION, set_raw, ctap, PinProtocolV2(), b"123")
        refused(ERR.PIN_POLICY_VIOLATION, set_raw, ctap, PinProtocolV2(), b"1" * 64)
    with step("three code points of four bytes each are three"):
        refused(ERR.PIN_POLICY_VIOLATION, set_raw, ctap, PinProtocolV1(), "\U0001f511\U0001f512\U0001f513".encode())
    # [6.5.5.4 5] [6.5.5.5 4] [6.5.5.5 5] [6.5.5.5 12] [6.5.6] [6.5.7] [6.5.6 initialize] [6.5.6 getPublicKey]
    with step("set"):
        pin.set_pin(PIN)
        assert ctap.get_info().options["clientPin"] is True and pin.get_pin_retries()[0] == 8
    # [6.5.5.5 3]
    with step("once only"):
        refused((ERR.PIN_AUTH_INVALID, ERR.NOT_ALLOWED), pin.set_pin, PIN)
    # [6.1.2 7] [6.1.2 8] [6.1.2 10] [6.1.2 8.1] [6.1.2 11] [6.4 makeCredUvNotRqd]
    with step("whether a credential is made without it is as getInfo says"):
        if ctap.get_info().options.get("makeCredUvNotRqd"):
            assert not verified(make(ctap).auth_data)
        else:
            refused(ERR.PUAT_REQUIRED, make, ctap)
        refused(ERR.PUAT_REQUIRED, make, ctap, options={"rk": True})
    for cls in PROTOCOLS:
        protocol = cls()
        mine = ClientPin(ctap, protocol)
        # [6.5.5.6 4] [6.5.5.6 5] [6.5.5.6 9] [6.5.5.6 17] [6.5.5.6 18] [6.5.5.6 19] [6.5.5.6 11] [6.5.6 ecdh] [6.5.6 kdf] [6.5.7 kdf] [6.5.6 decrypt] [6.5.7 decrypt] [6.5.6 encrypt] [6.5.7 encrypt] [6.5.6 verify] [6.5.7 verify]
        with step(f"protocol {cls.VERSION}: changed and changed back"):
            mine.change_pin(PIN, "4b4b4b4b")
            refused(ERR.PIN_INVALID, mine.get_pin_token, PIN, PERMISSION.GET_ASSERTION, RP["id"])
            mine.change_pin("4b4b4b4b", PIN)
            assert mine.get_pin_retries()[0] == 8
        # [6.2.2 6.1] [6.5.5.7.2 14] [6.2.2 6] [6.2.2 6.1.2]
        with step(f"protocol {cls.VERSION}: a token for one permission does that alone"):
            got = mine.get_pin_token(PIN, PERMISSION.MAKE_CREDENTIAL, RP["id"])
            param = protocol.authenticate(got, b"\x44" * 32)
            refused(ERR.PIN_AUTH_INVALID, ctap.get_assertion, RP["id"], b"\x44" * 32, pin_uv_param=param, pin_uv_protocol=cls.VERSION)
        # [6.1.2 11.1] [6.5.5.7.2 16] [6.1.2 11.1.3]
        with step(f"protocol {cls.VERSION}: a token for one relying party does for that alone"):
            got = mine.get_pin_token(PIN, PERMISSION.MAKE_CREDENTIAL, "example.org")
            refused(ERR.PIN_AUTH_INVALID, make, ctap, pin_uv_param=protocol.authenticate(got, b"\x11" * 32), pin_uv_protocol=cls.VERSION)
        # [6.1.2 14.4] [6.1.2 11] [6.1.2 11.1.2] [6.1.2 11.1.4] [6.1.2 11.1.5] [6.1.2 11.1.6]
        with step(f"protocol {cls.VERSION}: it verifies the user, once"):
            got = mine.get_pin_token(PIN, PERMISSION.MAKE_CREDENTIAL, RP["id"])
            param = protocol.authenticate(got, b"\x11" * 32)
            assert verified(make(ctap, pin_uv_param=param, pin_uv_protocol=cls.VERSION).auth_data)
            refused(ERR.PIN_AUTH_INVALID, make, ctap, pin_uv_param=param, pin_uv_protocol=cls.VERSION)
        # [6.1.2 11.1.1] [6.5.6 verify] [6.5.7 verify]
        with step(f"protocol {cls.VERSION}: a parameter of another message, and one bit off"):
            got = mine.get_pin_token(PIN, PERMISSION.MAKE_CREDENTIAL, RP["id"])
            refused(ERR.PIN_AUTH_INVALID, make, ctap, pin_uv_param=protocol.authenticate(got, b"\x12" * 32), pin_uv_protocol=cls.VERSION)
            wrong = bytearray(protocol.authenticate(got, b"\x11" * 32))
            wrong[0] ^= 1
            refused(ERR.PIN_AUTH_INVALID, make, ctap, pin_uv_param=bytes(wrong), pin_uv_protocol=cls.VERSION)
        # [6.1.2 11.1.1]
        with step(f"protocol {cls.VERSION}: the other protocol's form is not taken for it"):
            got = mine.get_pin_token(PIN, PERMISSION.MAKE_CREDENTIAL, RP["id"])
            other = PROTOCOLS[2 - cls.VERSION]()
            refused((ERR.PIN_AUTH_INVALID, ERR.INVALID_PARAMETER), make, ctap, pin_uv_param=other.authenticate(got, b"\x11" * 32), pin_uv_protocol=other.VERSION)
        # [6.5.5.7.1 6] [6.5.5.7.1 8] [6.5.5.7.1 10] [6.5.5.7.1 14] [6.5.5.7.1 15]
        with step(f"protocol {cls.VERSION}: the token of before 2.1"):
            got = protocol.decrypt(*old_token(ctap, protocol))
            param = protocol.authenticate(got, b"\x11" * 32)
            assert verified(make(ctap, pin_uv_param=param, pin_uv_protocol=cls.VERSION).auth_data)
    # [6.5.5.7.2 3]
    with step("no permission, no token"):
        refused((ERR.INVALID_PARAMETER, ERR.MISSING_PARAMETER), pin.get_pin_token, PIN, 0)
    # [6.5.5.4 4]
    with step("a third protocol there is none"):
        refused(ERR.INVALID_PARAMETER, ctap.client_pin, 3, ClientPin.CMD.GET_KEY_AGREEMENT)
    # [6.5.5.2] [6.5.5.7.2 8] [6.5.5.7.2 9.1] [6.5.5.7.2 9.1.1] [6.5.5.7.2 9.1.2] [6.5.2.2]
    with step("three misses in a row: a power cycle is due"):
        for left in (7, 6):
            refused(ERR.PIN_INVALID, pin.get_pin_token, "wrong", PERMISSION.GET_ASSERTION, RP["id"])
            assert pin.get_pin_retries()[0] == left
        refused(ERR.PIN_AUTH_BLOCKED, pin.get_pin_token, "wrong", PERMISSION.GET_ASSERTION, RP["id"])
        retries = pin.get_pin_retries()
        assert retries[0] == 5 and retries[1]
    # [6.5.2.2]
    with step("until then nothing is counted, and the right one is not looked at"):
        for tried in ("wrong", PIN):
            refused(ERR.PIN_AUTH_BLOCKED, pin.get_pin_token, tried, PERMISSION.GET_ASSERTION, RP["id"])
            refused(ERR.PIN_AUTH_BLOCKED, pin.change_pin, tried, "something")
        assert pin.get_pin_retries()[0] == 5
    # [6.5.2.2] [6.5.5.7.2 10]
    with step("after it the right one gives all tries back"):
        pin = ClientPin(Ctap2(authenticator.again()))
        assert pin.get_pin_retries()[0] == 5
        pin.get_pin_token(PIN, PERMISSION.GET_ASSERTION, RP["id"])
        assert pin.get_pin_retries()[0] == 8
    with step("a token does not outlive a power cycle"):
        protocol = PinProtocolV2()
        got = token(Ctap2(authenticator.open()), protocol, PERMISSION.MAKE_CREDENTIAL, RP["id"])
        ctap = Ctap2(authenticator.again())
        refused(ERR.PIN_AUTH_INVALID, make, ctap, pin_uv_param=protocol.authenticate(got, b"\x11" * 32), pin_uv_protocol=2)


def set_raw(ctap, protocol, pin):
    """setPIN with what a client would not send."""
    agreement, shared = agree(ctap, protocol)
    sealed = protocol.encrypt(shared, pin.ljust(64, b"\0"))
    ctap.client_pin(protocol.VERSION, ClientPin.CMD.SET_PIN, key_agreement=agreement, new_pin_enc=sealed,
                    pin_uv_param=protocol.authenticate(shared, sealed))


def agree(ctap, protocol):
    key = ctap.client_pin(protocol.VERSION, ClientPin.CMD.GET_KEY_AGREEMENT)[ClientPin.RESULT.KEY_AGREEMENT]
    return protocol.encapsulate(key)


def old_token(ctap, protocol):
    agreement, shared = agree(ctap, protocol)
    answer = ctap.client_pin(protocol.VERSION, ClientPin.CMD.GET_TOKEN_USING_PIN_LEGACY, key_agreement=agreement,
                             pin_hash_enc=protocol.encrypt(shared, sha256(PIN.encode())[:16]))
    return shared, answer[ClientPin.RESULT.PIN_UV_TOKEN]


@group()
def key_agreement(authenticator):
    """Points that are none, and lengths that are wrong."""
    ctap = Ctap2(authenticator.open())
    ClientPin(ctap).set_pin(PIN)
    for cls in PROTOCOLS:
        protocol = cls()
        agreement, shared = agree(ctap, protocol)
        sealed = protocol.encrypt(shared, sha256(PIN.encode())[:16])
        for name, key in {
                "off the curve": {**agreement, -3: bytes(31) + b"\1"},
                "nowhere": {**agreement, -2: bytes(32), -3: bytes(32)},
                "beyond the field": {**agreement, -2: b"\xff" * 32},
                "short": {**agreement, -2: agreement[-2][:31]},
                "of another curve": {**agreement, -1: 2},
                "of another kind": {**agreement, 1: 1},
                "for signatures": {**agreement, 3: -7}}.items():
            # [6.5.5.7.2 6] [6.5.6 ecdh]
            with step(f"protocol {cls.VERSION}: a point {name}"):
                refused((ERR.INVALID_PARAMETER, ERR.CBOR_UNEXPECTED_TYPE, ERR.MISSING_PARAMETER), ctap.client_pin, cls.VERSION, ClientPin.CMD.GET_TOKEN_USING_PIN,
                        key_agreement=key, pin_hash_enc=sealed, permissions=2, permissions_rpid=RP["id"])
        for length in (0, 1, 15, len(sealed) - 1, len(sealed) + 1, 64):
            # [6.5.5.7.2 9] [6.5.6 decrypt] [6.5.7 decrypt]
            with step(f"protocol {cls.VERSION}: a hash of {length} bytes"):
                refused((ERR.INVALID_PARAMETER, ERR.PIN_INVALID, ERR.INVALID_LENGTH, ERR.PIN_AUTH_INVALID), ctap.client_pin, cls.VERSION, ClientPin.CMD.GET_TOKEN_USING_PIN,
                        key_agreement=agreement, pin_hash_enc=(sealed * 4)[:length], permissions=2, permissions_rpid=RP["id"])
    with step("none of these has cost a try"):
        assert ClientPin(ctap).get_pin_retries()[0] == 8


@group()
def credential_management(authenticator):
    device = authenticator.open()
    ctap = Ctap2(device)
    ClientPin(ctap).set_pin(PIN)
    browser = client(device)
    for cls in PROTOCOLS:
        protocol = cls()

        def manager(permissions=PERMISSION.CREDENTIAL_MGMT):
            return CredentialManagement(ctap, protocol, token(ctap, protocol, permissions))

        # [6.8.2] [6.8.3 none]
        with step(f"protocol {cls.VERSION}: empty"):
            before = manager().get_metadata()
            assert before[1] == 0 and before[2] > 0 and list(manager().enumerate_rps()) == []
        users = {}
        for name in (b"anna", b"berta", b"carl"):
            data, _ = register(browser, user=name, resident_key_requirement="required")
            users[name] = data.credential_data
        # [6.8.3]
        with step(f"protocol {cls.VERSION}: the relying party"):
            found = manager().enumerate_rps()
            assert [rp[3]["id"] for rp in found] == [RP["id"]] and found[0][4] == sha256(RP["id"].encode())
        # [6.8.4]
        with step(f"protocol {cls.VERSION}: its three credentials, with keys and users"):
            found = manager().enumerate_creds(sha256(RP["id"].encode()))
            assert {c[6]["id"] for c in found} == set(users) and all(c[7]["id"] == users[c[6]["id"]].credential_id for c in found)
            assert all(c[8] == users[c[6]["id"]].public_key and c[10] == 1 for c in found)
        with step(f"protocol {cls.VERSION}: counted"):
            now = manager().get_metadata()
            assert now[1] == 3 and now[2] < before[2]
        carl = {"type": "public-key", "id": users[b"carl"].credential_id}
        # [6.8.6]
        with step(f"protocol {cls.VERSION}: a user renamed"):
            manager().update_user_info(carl, {"id": b"carl", "name": "Carl the Second", "displayName": "C2"})
            found = [c for c in manager().enumerate_creds(sha256(RP["id"].encode())) if c[6]["id"] == b"carl"][0]
            assert found[6]["name"] == "Carl the Second" and found[6]["displayName"] == "C2"
        # [6.8.6 user]
        with step(f"protocol {cls.VERSION}: another user cannot be made of him"):
            refused(ERR.INVALID_PARAMETER, manager().update_user_info, carl, {"id": b"mallory", "name": "m"})
        # [6.8.2 verify]
        with step(f"protocol {cls.VERSION}: a token for something else manages nothing"):
            refused(ERR.PIN_AUTH_INVALID, CredentialManagement(ctap, protocol, token(ctap, protocol, PERMISSION.GET_ASSERTION, RP["id"])).get_metadata)
        # [6.8 rpId] [6.8.2 rpId] [6.8.4 rpId] [6.8.5 rpId]
        with step(f"protocol {cls.VERSION}: a token for one relying party counts, lists and deletes nothing of others"):
            limited = CredentialManagement(ctap, protocol, token(ctap, protocol, PERMISSION.CREDENTIAL_MGMT, "example.org"))
            refused(ERR.PIN_AUTH_INVALID, limited.get_metadata)
            refused(ERR.PIN_AUTH_INVALID, limited.enumerate_creds, sha256(RP["id"].encode()))
            refused(ERR.PIN_AUTH_INVALID, limited.delete_cred, carl)
        # [6.8.3 next] [6.8.4 next]
        with step(f"protocol {cls.VERSION}: the next one without a first one"):
            fresh = manager()
            refused(ERR.NOT_ALLOWED, fresh.enumerate_rps_next)
            refused(ERR.NOT_ALLOWED, fresh.enumerate_creds_next)
        # [6.8.5] [6.8.5 none]
        with step(f"protocol {cls.VERSION}: deleted, they are gone"):
            for data in users.values():
                manager().delete_cred({"type": "public-key", "id": data.credential_id})
            refused(ERR.NO_CREDENTIALS, manager().delete_cred, carl)
            after = manager().get_metadata()
            assert after[1] == 0 and after[2] == before[2]
    # [2.2 6.8] [2.2 6.5.2.1] [6.5.5.7.2 12] [2.2 6.8 pcmr] [2.2 6.4 perCredMgmtRO] [6.8.5 verify] [6.8.6 verify]
    with step("the persistent token reads and writes nothing, over a power cycle, too"):
        if not CredentialManagement.is_readonly_supported(ctap.info):
            raise AssertionError("perCredMgmtRO is not told")
        data, _ = register(browser, resident_key_requirement="required")
        protocol = PinProtocolV2()
        lasting = token(ctap, protocol, PERMISSION.PERSISTENT_CREDENTIAL_MGMT)
        identity = ctap.get_info().get_identifier(lasting)
        state = ctap.get_info().get_cred_store_state(lasting)
        for time_of_it in ("before", "after"):
            reader = CredentialManagement(ctap, protocol, lasting)
            assert reader.get_metadata()[1] == 1 and len(reader.enumerate_rps()) == 1, time_of_it
            assert len(reader.enumerate_creds(sha256(RP["id"].encode()))) == 1
            refused(ERR.PIN_AUTH_INVALID, reader.delete_cred, {"type": "public-key", "id": data.credential_data.credential_id})
            refused(ERR.PIN_AUTH_INVALID, reader.update_user_info, {"type": "public-key", "id": data.credential_data.credential_id}, {"id": b"user", "name": "x"})
            assert ctap.get_info().get_identifier(lasting) == identity and ctap.get_info().get_cred_store_state(lasting) == state
            device = authenticator.again()
            ctap = Ctap2(device)
    # [2.2 6.4 0x19]
    with step("encIdentifier is another text each time"):
        assert ctap.get_info().enc_identifier != ctap.get_info().enc_identifier
    # [2.3 6.4 0x1E]
    with step("a change of the store changes its state"):
        register(client(device), user=b"one more", resident_key_requirement="required")
        assert ctap.get_info().get_cred_store_state(lasting) != state
    # [2.2 6.5.5.6 20]
    with step("a new PIN ends the persistent token"):
        ClientPin(ctap).change_pin(PIN, "another PIN")
        refused(ERR.PIN_AUTH_INVALID, CredentialManagement(ctap, protocol, lasting).get_metadata)


@group()
def configuration(authenticator):
    device = authenticator.open()
    ctap = Ctap2(device)
    pin = ClientPin(ctap)
    pin.set_pin(PIN)
    for cls in PROTOCOLS:
        protocol = cls()

        def config(permissions=PERMISSION.AUTHENTICATOR_CFG, known=PIN):
            return Config(ctap, protocol, token(ctap, protocol, permissions, pin=known))

        # [6.11.2] [7.2] [7.2.4] [6.1.2 6] [6.1.2 6.1] [6.2.2 5] [6.4 alwaysUv] [6.1.2 6.4] [6.2.2 5.5]
        with step(f"protocol {cls.VERSION}: alwaysUv on: no touch alone, no U2F"):
            config().toggle_always_uv()
            info = ctap.get_info()
            assert info.options["alwaysUv"] is True and "U2F_V2" not in info.versions and "makeCredUvNotRqd" not in info.options
            refused(ERR.PUAT_REQUIRED, make, ctap)
            refused(ERR.PUAT_REQUIRED, ctap.get_assertion, RP["id"], b"\0" * 32)
        with step(f"protocol {cls.VERSION}: and off again"):
            config().toggle_always_uv()
            assert ctap.get_info().options["alwaysUv"] is False
        # [6.11.4] [6.5.5.6 13] [6.5.5.6 16] [6.5.5.7.1 11] [6.5.5.7.2 11] [6.11.4 forceChangePin] [6.4 0x0C]
        with step(f"protocol {cls.VERSION}: a forced change"):
            config().set_min_pin_length(force_change_pin=True)
            assert ctap.get_info().force_pin_change is True
            refused(ERR.PIN_POLICY_VIOLATION, pin.get_pin_token, PIN, PERMISSION.GET_ASSERTION, RP["id"])
            refused(ERR.PIN_INVALID, pin.get_pin_token, PIN)
            refused(ERR.PIN_POLICY_VIOLATION, pin.change_pin, PIN, PIN)
            pin.change_pin(PIN, PIN + PIN)
            pin.change_pin(PIN + PIN, PIN)
            assert ctap.get_info().force_pin_change is False
        # [6.11 3.5]
        with step(f"protocol {cls.VERSION}: a token for something else configures nothing"):
            refused(ERR.PIN_AUTH_INVALID, config(PERMISSION.CREDENTIAL_MGMT).toggle_always_uv)
        # [6.11 2] [6.11.1]
        with step(f"protocol {cls.VERSION}: enterprise attestation is the maker's to give"):
            param = protocol.authenticate(token(ctap, protocol, PERMISSION.AUTHENTICATOR_CFG), b"\xff" * 32 + b"\x0d\x01")
            refused((ERR.INVALID_PARAMETER, ERR.INVALID_COMMAND, ERR.INVALID_SUBCOMMAND, ERR.UNSUPPORTED_OPTION, ERR.OPERATION_DENIED, ERR.NOT_ALLOWED),
                    ctap.config, Config.CMD.ENABLE_ENTERPRISE_ATT, pin_uv_protocol=cls.VERSION, pin_uv_param=param)
    # [6.5.5.6 12] [6.11.4 newMinPINLength] [6.4 0x0D]
    with step("a longer PIN from now on"):
        config().set_min_pin_length(min_pin_length=6)
        assert ctap.get_info().min_pin_length == 6
        refused(ERR.PIN_POLICY_VIOLATION, config().set_min_pin_length, min_pin_length=5)
        refused(ERR.PIN_POLICY_VIOLATION, pin.change_pin, PIN, "12345")
    # [7.4] [12.4] [6.4 0x10] [6.11.4 minPinLengthRPIDs]
    with step("who may learn it learns it"):
        config().set_min_pin_length(rp_ids=[RP["id"]])
        data, _ = register(client(device), wanted={"minPinLength": True})
        assert data.extensions["minPinLength"] == 6
    # [6.11.4 force] [6.5.5.5 11] [6.5.5.6 15]
    with step("a minimum above the present PIN forces a change"):
        config().set_min_pin_length(min_pin_length=len(PIN) + 1)
        assert ctap.get_info().force_pin_change is True
        pin.change_pin(PIN, PIN + "e")
        assert ctap.get_info().force_pin_change is False
    # [6.11 3.1] [6.11 3]
    with step("without a token nothing is configured"):
        refused(ERR.PUAT_REQUIRED, ctap.config, Config.CMD.TOGGLE_ALWAYS_UV)


@group()
def large_blobs(authenticator):
    device = authenticator.open()
    ctap = Ctap2(device)
    ClientPin(ctap).set_pin(PIN)
    for cls in PROTOCOLS:
        protocol = cls()

        def blobs(permissions=PERMISSION.LARGE_BLOB_WRITE):
            return LargeBlobs(ctap, protocol, token(ctap, protocol, permissions))

        one, two = os.urandom(32), os.urandom(32)
        # [6.10] [6.10.2 4.5] [6.10.2 5.2] [6.10.2 5.5] [6.10.2 5.5.4] [6.10.2 5.10] [6.10.2 5.10.2]
        with step(f"protocol {cls.VERSION}: written, read, replaced, deleted"):
            assert list(blobs().read_blob_array()) == []
            blobs().put_blob(one, b"first")
            blobs().put_blob(two, os.urandom(500))
            blobs().put_blob(one, b"second")
            assert blobs().get_blob(one) == b"second" and len(blobs().read_blob_array()) == 2
            blobs().delete_blob(one)
            blobs().delete_blob(two)
            assert list(blobs().read_blob_array()) == []
        # [6.10.2 5.2.2] [6.10.2 5.8] [6.10.2 5.9] [6.10.2 5.11] [6.10.2 5.2.4] [6.10.2 5.2.5] [6.10.2 5.7]
        with step(f"protocol {cls.VERSION}: filled to the last byte, and no further"):
            room = ctap.info.max_large_blob - 16
            full = [{1: os.urandom(room - 8)}]
            full.extend([0] * (room - len(cbor.encode(full))))
            blobs().write_blob_array(full)
            assert list(blobs().read_blob_array()) == full
            refused(ERR.LARGE_BLOB_STORAGE_FULL, blobs().write_blob_array, full + [1])
            blobs().write_blob_array([])
        # [6.10.2 5.5.1] [6.10.2 5.5.5]
        with step(f"protocol {cls.VERSION}: no token, or one for something else"):
            refused(ERR.PUAT_REQUIRED, LargeBlobs(ctap, protocol).put_blob, one, b"x")
            refused(ERR.PIN_AUTH_INVALID, blobs(PERMISSION.CREDENTIAL_MGMT).put_blob, one, b"x")
        # [6.10.2 5.10.1]
        with step(f"protocol {cls.VERSION}: a false checksum"):
            got = blobs()
            data = cbor.encode([]) + b"\0" * 16
            message = b"\xff" * 32 + b"\x0c\0" + struct.pack("<I", 0) + sha256(data)
            refused(ERR.INTEGRITY_FAILURE, ctap.large_blobs, 0, set=data, length=len(data), pin_uv_protocol=cls.VERSION,
                    pin_uv_param=protocol.authenticate(got.pin_uv.token, message))
            assert list(got.read_blob_array()) == []
    # [6.10.2 5.4]
    with step("a part that follows nothing"):
        refused((ERR.INVALID_SEQ, ERR.INVALID_PARAMETER, ERR.PUAT_REQUIRED), ctap.large_blobs, 64, set=b"\0" * 64)
    # [6.10.2 4.4]
    with step("reading from beyond the end"):
        refused(ERR.INVALID_PARAMETER, ctap.large_blobs, 100000, get=10)
    # [12.3 makeCredential] [12.3 getAssertion]
    with step("a browser keeps a blob with a credential"):
        browser = client(device)
        data, result = register(browser, wanted={"largeBlob": {"support": "required"}}, resident_key_requirement="required", user_verification="required")
        assert result.client_extension_results["largeBlob"]["supported"] is True
        _, login = log_in(browser, [data.credential_data], {"largeBlob": {"write": websafe_encode(b"kept")}}, "required")
        assert login.client_extension_results["largeBlob"]["written"] is True
        _, login = log_in(browser, [data.credential_data], {"largeBlob": {"read": True}}, "required")
        assert login.client_extension_results.large_blob.blob == b"kept"
    with step("over a power cycle, too"):
        browser = client(authenticator.again())
        _, login = log_in(browser, [data.credential_data], {"largeBlob": {"read": True}}, "required")
        assert login.client_extension_results.large_blob.blob == b"kept"


@group()
def secrets(authenticator):
    device = authenticator.open()
    ctap = Ctap2(device)
    ClientPin(ctap).set_pin(PIN)
    browser = client(device)
    one, two = websafe_encode(os.urandom(32)), websafe_encode(os.urandom(32))
    for cls in PROTOCOLS:
        ClientPin.PROTOCOLS = [cls]
        # [12.5] [12.5 makeCredential] [12.5 getAssertion] [6.1.2 15] [6.2.2 10]
        with step(f"protocol {cls.VERSION}: prf, one salt and two, the same each time"):
            data, result = register(browser, wanted={"prf": {}}, user_verification="required")
            assert result.client_extension_results["prf"]["enabled"] is True
            _, login = log_in(browser, [data.credential_data], {"prf": {"eval": {"first": one}}}, "required")
            first = login.client_extension_results.prf.results.first
            _, login = log_in(browser, [data.credential_data], {"prf": {"eval": {"first": one, "second": two}}}, "required")
            both = login.client_extension_results.prf.results
            assert both.first == first and both.second != first
            _, login = log_in(browser, [data.credential_data], {"prf": {"eval": {"first": two, "second": one}}}, "required")
            assert login.client_extension_results.prf.results.second == first
        # [2.2 12.8]
        with step(f"protocol {cls.VERSION}: prf while registering (hmac-secret-mc) says what a login says"):
            assert "hmac-secret-mc" in ctap.info.extensions
            data, result = register(browser, wanted={"prf": {"eval": {"first": one, "second": two}}}, user_verification="required")
            made = result.client_extension_results.prf.results
            _, login = log_in(browser, [data.credential_data], {"prf": {"eval": {"first": one, "second": two}}}, "required")
            assert made == login.client_extension_results.prf.results
    ClientPin.PROTOCOLS = [PinProtocolV2, PinProtocolV1]
    # [12.5 getAssertion]
    with step("a salt whose authentication is false"):
        agreement, shared = agree(ctap, PinProtocolV2())
        salt = PinProtocolV2().encrypt(shared, os.urandom(32))
        allow = [{"type": "public-key", "id": data.credential_data.credential_id}]
        refused((ERR.EXTENSION_FIRST, ERR.PIN_AUTH_INVALID), ctap.get_assertion, RP["id"], b"\0" * 32, allow,
                extensions={"hmac-secret": {1: agreement, 2: salt, 3: b"\0" * 32, 4: 2}})
    for length in (0, 16, 31, 48, 96):
        # [12.5 getAssertion]
        with step(f"a salt of {length} bytes"):
            agreement, shared = agree(ctap, PinProtocolV2())
            salt = PinProtocolV2().encrypt(shared, bytes(length // 16 * 16)) + bytes(length % 16)
            refused((ERR.INVALID_LENGTH, ERR.INVALID_PARAMETER, ERR.PIN_AUTH_INVALID, ERR.EXTENSION_FIRST), ctap.get_assertion, RP["id"], b"\0" * 32, allow,
                    extensions={"hmac-secret": {1: agreement, 2: salt, 3: PinProtocolV2().authenticate(shared, salt), 4: 2}})


@group()
def other_extensions(authenticator):
    device = authenticator.open()
    ctap = Ctap2(device)
    ClientPin(ctap).set_pin(PIN)
    browser = client(device)
    # [12.2] [12.2 makeCredential] [12.2 getAssertion]
    with step("credBlob is kept and given"):
        blob = os.urandom(ctap.info.max_cred_blob_length)
        data, _ = register(browser, wanted={"credBlob": blob}, resident_key_requirement="required", user_verification="required")
        assert data.extensions["credBlob"] is True
        _, login = log_in(browser, [data.credential_data], {"getCredBlob": True}, "required")
        assert login.response.authenticator_data.extensions["credBlob"] == blob
    # [12.2 makeCredential]
    with step("one that is too long is not kept"):
        protocol = PinProtocolV2()
        got = token(ctap, protocol, PERMISSION.MAKE_CREDENTIAL, RP["id"])
        made = make(ctap, extensions={"credBlob": bytes(ctap.info.max_cred_blob_length + 1)}, options={"rk": True},
                    pin_uv_param=protocol.authenticate(got, b"\x11" * 32), pin_uv_protocol=2)
        assert made.auth_data.extensions == {"credBlob": False}
    # [12.1] [6.2.2 7.4] [12.1 makeCredential]
    with step("credProtect 3 is not found without verification, by id or without"):
        got = token(ctap, protocol, PERMISSION.MAKE_CREDENTIAL, "protected.example")
        made = make(ctap, rp={"id": "protected.example"}, extensions={"credProtect": 3}, options={"rk": True},
                    pin_uv_param=protocol.authenticate(got, b"\x11" * 32), pin_uv_protocol=2)
        assert made.auth_data.extensions == {"credProtect": 3}
        item = {"type": "public-key", "id": made.auth_data.credential_data.credential_id}
        for allow in (None, [item]):
            refused(ERR.NO_CREDENTIALS, ctap.get_assertion, "protected.example", b"\0" * 32, allow)
            refused(ERR.NO_CREDENTIALS, ctap.get_assertion, "protected.example", b"\0" * 32, allow, options={"up": False})
    with step("verified, it is found and excludes"):
        got = token(ctap, protocol, PERMISSION.GET_ASSERTION, "protected.example")
        ctap.get_assertion("protected.example", b"\x55" * 32, [item], pin_uv_param=protocol.authenticate(got, b"\x55" * 32), pin_uv_protocol=2)
        got = token(ctap, protocol, PERMISSION.MAKE_CREDENTIAL, "protected.example")
        refused(ERR.CREDENTIAL_EXCLUDED, make, ctap, rp={"id": "protected.example"}, exclude_list=[item],
                pin_uv_param=protocol.authenticate(got, b"\x11" * 32), pin_uv_protocol=2)
    # [2.2 6.8.4] [2.2 12.9 makeCredential] [2.2 12.9 getAssertion]
    with step("thirdPartyPayment is kept with the credential"):
        assert "thirdPartyPayment" in ctap.info.extensions
        got = token(ctap, protocol, PERMISSION.MAKE_CREDENTIAL, RP["id"])
        made = make(ctap, user=b"payer", extensions={"thirdPartyPayment": True}, options={"rk": True},
                    pin_uv_param=protocol.authenticate(got, b"\x11" * 32), pin_uv_protocol=2)
        found = ctap.get_assertion(RP["id"], b"\0" * 32, [{"type": "public-key", "id": made.auth_data.credential_data.credential_id}],
                                   extensions={"thirdPartyPayment": True})
        assert found.auth_data.extensions == {"thirdPartyPayment": True}
    # [6.1.2 15] [8 unknown]
    with step("unknown extensions change nothing"):
        plain = make(ctap, extensions={"nobody-knows": True}, pin_uv_protocol=2,
                     pin_uv_param=protocol.authenticate(token(ctap, protocol, PERMISSION.MAKE_CREDENTIAL, RP["id"]), b"\x11" * 32))
        assert not plain.auth_data.extensions


@group()
def u2f(authenticator):
    device = authenticator.open()
    ctap1 = Ctap1(device)
    application, challenge = sha256(b"https://example.com"), sha256(b"a challenge")
    # [10.1] [11.2.9.1.1]
    with step("the version"):
        assert ctap1.get_version() == "U2F_V2"
    # [10.1]
    with step("a registration whose attestation verifies"):
        made = ctap1.register(challenge, application)
        made.verify(application, challenge)
    with step("an authentication that verifies, with a counter that grows"):
        one = ctap1.authenticate(challenge, application, made.key_handle)
        one.verify(application, challenge, made.public_key)
        two = ctap1.authenticate(challenge, application, made.key_handle)
        assert two.counter > one.counter and one.user_presence == 1
    # [10.1]
    with step("check-only knows the key handle and signs nothing"):
        apdu_refused(0x6985, ctap1.authenticate, challenge, application, made.key_handle, check_only=True)
    with step("a key handle of another application, of nobody, and one bit off"):
        apdu_refused(0x6A80, ctap1.authenticate, challenge, sha256(b"https://example.org"), made.key_handle)
        apdu_refused(0x6A80, ctap1.authenticate, challenge, application, os.urandom(len(made.key_handle)))
        wrong = bytearray(made.key_handle)
        wrong[-1] ^= 1
        apdu_refused(0x6A80, ctap1.authenticate, challenge, application, bytes(wrong))
    with step("another class, another instruction, a wrong length"):
        apdu_refused(0x6E00, ctap1.send_apdu, 0x40, 3)
        apdu_refused(0x6D00, ctap1.send_apdu, 0, 0x77)
        apdu_refused(0x6700, ctap1.send_apdu, 0, 1, 0, 0, b"\0" * 63)
    # [10.3]
    with step("CTAP 2 logs in with what U2F registered"):
        ctap = Ctap2(device)
        found = ctap.send_cbor(Ctap2.CMD.GET_ASSERTION, {1: "https://example.com", 2: b"\x66" * 32, 3: [{"type": "public-key", "id": made.key_handle}]})
        assert found[1]["id"] == made.key_handle and found[2][:32] == application


def apdu_refused(word, call, *arguments, **named):
    try:
        call(*arguments, **named)
    except ApduError as error:
        assert error.code == word, f"{error.code:04X} in place of {word:04X}"
        return
    raise AssertionError(f"not refused with {word:04X}")


@group()
def reset(authenticator):
    device = authenticator.open()
    ctap = Ctap2(device)
    ClientPin(ctap).set_pin(PIN)
    data, _ = register(client(device), resident_key_requirement="required")
    had_sensor = BioEnrollment.is_supported(ctap.info)
    # [6.6]
    with step("a reset right after the start"):
        ctap = Ctap2(authenticator.again())
        ctap.reset()
        assert ctap.get_info().options["clientPin"] is False
        refused(ERR.NO_CREDENTIALS, ctap.get_assertion, RP["id"], b"\0" * 32, [{"type": "public-key", "id": data.credential_data.credential_id}])
        refused(ERR.NO_CREDENTIALS, ctap.get_assertion, RP["id"], b"\0" * 32)
    with step("its sensor is there as before"):
        assert BioEnrollment.is_supported(ctap.get_info()) == had_sensor
    # [6.6 window]
    with step("and none ten seconds later"):
        time.sleep(10.5)
        refused(ERR.NOT_ALLOWED, ctap.reset)
    with step("it can be used as on the first day"):
        ClientPin(ctap).set_pin(PIN)
        register(client(authenticator.open()))


@group()
def refusals(authenticator):
    """What is wrong with a request is said in the order of the steps, and costs nothing."""
    ctap = Ctap2(authenticator.open())
    ClientPin(ctap).set_pin(PIN)
    agreement, _ = agree(ctap, PinProtocolV2())
    param, short, item = bytes(32), bytes(16), {"type": "public-key", "id": bytes(32)}
    new = {1: b"\x11" * 32, 2: RP, 3: {"id": b"u"}, 4: [{"type": "public-key", "alg": -7}]}
    login = {1: RP["id"], 2: b"\x11" * 32}
    setting = {1: 2, 2: 3, 3: agreement, 4: param, 5: bytes(80)}
    changing = {**setting, 2: 4, 6: bytes(32)}
    opening = {1: 2, 2: 5, 3: agreement, 6: bytes(32)}
    permitted = {**opening, 2: 9, 9: 2, 10: RP["id"]}
    touching = {1: 2, 2: 6, 3: agreement, 9: 2, 10: RP["id"]}
    finger = {1: bytes(16), 2: "x"}
    commands = {
        Ctap2.CMD.MAKE_CREDENTIAL: (
            ({**new, 8: param}, ERR.MISSING_PARAMETER),  # [6.1.2 2] [6.1.2 2.2]
            ({**new, 8: param, 9: 3}, ERR.INVALID_PARAMETER),  # [6.1.2 2.1]
            ({**new, 4: [{"type": "public-key"}]}, ERR.MISSING_PARAMETER),  # [6.1.2 3.1.1]
            ({**new, 4: [{"type": "public-key", "alg": "ES256"}]}, ERR.CBOR_UNEXPECTED_TYPE),  # [6.1.2 3.1.2]
            ({**new, 7: {"uv": True}, 8: param, 9: 2}, ERR.PIN_AUTH_INVALID),  # [6.1.2 5.2]
        ),
        Ctap2.CMD.GET_ASSERTION: (
            ({**login, 6: param}, ERR.MISSING_PARAMETER),  # [6.2.2 2] [6.2.2 2.2]
            ({**login, 6: param, 7: 3}, ERR.INVALID_PARAMETER),  # [6.2.2 2.1]
            ({**login, 5: {"uv": True}, 6: param, 7: 2}, ERR.PIN_AUTH_INVALID),  # [6.2.2 4.2]
            ({**login, 5: {"uv": True}}, ERR.INVALID_OPTION),  # [6.2.2 4.3]
            ({**login, 5: {"rk": True}}, ERR.UNSUPPORTED_OPTION),  # [6.2.2 4.4]
            ({**login, 6: short, 7: 2}, ERR.PIN_AUTH_INVALID),  # [6.2.2 6.1.1]
            ({**login, 3: [{**item, "id": b"another's"}]}, ERR.NO_CREDENTIALS),  # [6.2.2 7.1]
        ),
        Ctap2.CMD.GET_NEXT_ASSERTION: (({}, ERR.INVALID_LENGTH),),  # [6.3]
        Ctap2.CMD.GET_INFO: (({}, ERR.INVALID_LENGTH),),  # [6.4]
        Ctap2.CMD.RESET: (({}, ERR.INVALID_LENGTH),),  # [6.6 input]
        Ctap2.CMD.SELECTION: (({}, ERR.INVALID_LENGTH),),  # [6.9 input]
        Ctap2.CMD.CLIENT_PIN: (
            ({2: 2}, ERR.MISSING_PARAMETER),  # [6.5.5.4 3]
            ({1: 2, 2: 3}, ERR.MISSING_PARAMETER),  # [6.5.5.5 1]
            ({**setting, 1: 3}, ERR.INVALID_PARAMETER),  # [6.5.5.5 2]
            ({**setting, 4: short}, ERR.PIN_AUTH_INVALID),  # [6.5.5.5 5.1]
            ({1: 2, 2: 4}, ERR.MISSING_PARAMETER),  # [6.5.5.6 1]
            ({**changing, 1: 3}, ERR.INVALID_PARAMETER),  # [6.5.5.6 2]
            ({**changing, 4: short}, ERR.PIN_AUTH_INVALID),  # [6.5.5.6 5.1]
            ({1: 2, 2: 5}, ERR.MISSING_PARAMETER),  # [6.5.5.7.1 1]
            ({**opening, 1: 3}, ERR.INVALID_PARAMETER),  # [6.5.5.7.1 2]
            ({**opening, 9: 2}, ERR.INVALID_PARAMETER),  # [6.5.5.7.1 3]
            ({**opening, 10: RP["id"]}, ERR.INVALID_PARAMETER),  # [6.5.5.7.1 4]
            ({**opening, 6: bytes(31)}, ERR.INVALID_PARAMETER),  # [6.5.5.7.1 9]
            ({1: 2, 2: 9}, ERR.MISSING_PARAMETER),  # [6.5.5.7.2 1]
            ({**permitted, 1: 3}, ERR.INVALID_PARAMETER),  # [6.5.5.7.2 2]
            ({**permitted, 9: 0x41}, ERR.UNAUTHORIZED_PERMISSION),  # [6.5.5.7.2 4]
            ({**permitted, 9: 0x80}, ERR.INVALID_PARAMETER),  # [6.5.5.7.2 15]
        ),
        Ctap2.CMD.CREDENTIAL_MGMT: (
            ({1: 9}, ERR.INVALID_SUBCOMMAND),  # [6.8 subCommand]
            # [6.8.2 no param] [6.8.3 no param] [6.8.4 no param] [6.8.5 no param] [6.8.6 no param]
            *(({1: n}, ERR.PUAT_REQUIRED) for n in (1, 2, 4, 6, 7)),
            # [6.8.2 protocol] [6.8.3 protocol] [6.8.4 protocol] [6.8.5 protocol] [6.8.6 protocol]
            *(({1: n, 4: param}, ERR.MISSING_PARAMETER) for n in (1, 2, 4, 6, 7)),
            *(({1: n, 3: 3, 4: param}, ERR.INVALID_PARAMETER) for n in (1, 2, 4, 6, 7)),
            # [6.8.4 missing] [6.8.5 missing] [6.8.6 missing]
            *(({1: n, 3: 2, 4: param}, ERR.MISSING_PARAMETER) for n in (4, 6, 7)),
            # [6.8.2 verify] [6.8.3 verify] [6.8.4 verify] [6.8.5 verify] [6.8.6 verify]
            *(({1: n, 3: 2, 4: param}, ERR.PIN_AUTH_INVALID) for n in (1, 2)),
            ({1: 4, 2: {1: bytes(32)}, 3: 2, 4: param}, ERR.PIN_AUTH_INVALID),
            ({1: 6, 2: {2: item}, 3: 2, 4: param}, ERR.PIN_AUTH_INVALID),
            ({1: 7, 2: {2: item, 3: {"id": b"u"}}, 3: 2, 4: param}, ERR.PIN_AUTH_INVALID),
        ),
        Ctap2.CMD.LARGE_BLOBS: (
            ({1: 1}, ERR.INVALID_PARAMETER),  # [6.10.2 1]
            ({3: 0}, ERR.INVALID_PARAMETER),  # [6.10.2 2]
            ({1: 1, 2: b"x", 3: 0}, ERR.INVALID_PARAMETER),  # [6.10.2 3]
            ({1: 1, 3: 0, 4: 17}, ERR.INVALID_PARAMETER),  # [6.10.2 4.1]
            ({1: 1, 3: 0, 5: param, 6: 2}, ERR.INVALID_PARAMETER),  # [6.10.2 4.2]
            ({1: ctap.info.max_msg_size - 63, 3: 0}, ERR.INVALID_LENGTH),  # [6.10.2 4.3]
            ({2: bytes(ctap.info.max_msg_size - 63), 3: 0, 4: 8000}, ERR.INVALID_LENGTH),  # [6.10.2 5.1]
            ({2: b"x", 3: 0}, ERR.INVALID_PARAMETER),  # [6.10.2 5.2.1]
            ({2: bytes(16), 3: 0, 4: 16}, ERR.INVALID_PARAMETER),  # [6.10.2 5.2.3]
            ({2: b"x", 3: 1, 4: 17}, ERR.INVALID_PARAMETER),  # [6.10.2 5.3]
            ({2: bytes(17), 3: 0, 4: 17, 5: param}, ERR.MISSING_PARAMETER),  # [6.10.2 5.5.2]
            ({2: bytes(17), 3: 0, 4: 17, 5: param, 6: 3}, ERR.INVALID_PARAMETER),  # [6.10.2 5.5.3]
            ({2: bytes(17), 3: 0, 4: 17, 5: param, 6: 2}, ERR.PIN_AUTH_INVALID),  # [6.10.2 5.5.4]
        ),
        Ctap2.CMD.CONFIG: (
            ({}, ERR.MISSING_PARAMETER),  # [6.11 1]
            ({1: 0xFF, 3: 2, 4: param}, ERR.INVALID_PARAMETER),  # [6.11 2] [6.11.3]
            ({1: 2, 4: param}, ERR.MISSING_PARAMETER),  # [6.11 3.2]
            ({1: 2, 3: 3, 4: param}, ERR.INVALID_PARAMETER),  # [6.11 3.3]
            ({1: 2, 3: 2, 4: param}, ERR.PIN_AUTH_INVALID),  # [6.11 3.4]
        ),
    }
    if BioEnrollment.is_supported(ctap.info):
        commands[Ctap2.CMD.BIO_ENROLLMENT] = (
            ({1: 1}, ERR.MISSING_PARAMETER),  # [6.7 subCommand]
            ({1: 1, 2: 9}, ERR.INVALID_SUBCOMMAND),
            ({1: 2, 2: 7}, ERR.INVALID_PARAMETER),  # [6.7 modality]
            # [6.7.4 1] [6.7.6 1] [6.7.7 1] [6.7.8 1]
            *(({1: 1, 2: n}, ERR.PUAT_REQUIRED) for n in (1, 4, 5, 6)),
            # [6.7.4 2] [6.7.6 2] [6.7.7 2] [6.7.8 2]
            *(({1: 1, 2: n, 5: param}, ERR.MISSING_PARAMETER) for n in (1, 4)),
            *(({1: 1, 2: n, 4: 2, 5: param}, ERR.MISSING_PARAMETER) for n in (5, 6)),
            # [6.7.4 3] [6.7.6 3] [6.7.7 3] [6.7.8 3]
            *(({1: 1, 2: n, 3: finger, 4: 3, 5: param}, ERR.INVALID_PARAMETER) for n in (1, 4, 5, 6)),
            # [6.7.4 4] [6.7.6 4] [6.7.7 4] [6.7.8 4]
            *(({1: 1, 2: n, 4: 2, 5: param}, ERR.PIN_AUTH_INVALID) for n in (1, 4)),
            *(({1: 1, 2: n, 3: finger, 4: 2, 5: param}, ERR.PIN_AUTH_INVALID) for n in (5, 6)),
        )
        commands[Ctap2.CMD.CLIENT_PIN] += (
            ({1: 2, 2: 6}, ERR.MISSING_PARAMETER),  # [6.5.5.7.3 1]
            ({**touching, 1: 3}, ERR.INVALID_PARAMETER),  # [6.5.5.7.3 2]
            ({**touching, 9: 0}, ERR.INVALID_PARAMETER),  # [6.5.5.7.3 3]
            ({**touching, 9: 8}, ERR.UNAUTHORIZED_PERMISSION),  # [6.5.5.7.3 4]
            ({**touching, 9: 0x80}, ERR.INVALID_PARAMETER),  # [6.5.5.7.3 14]
        )
    for command, cases in commands.items():
        with step(f"{command.name}: {len(cases)} requests are refused as the specification has it"):
            for number, (wish, code) in enumerate(cases):
                try:
                    refused(code, ctap.send_cbor, command, wish)
                except AssertionError as error:
                    raise AssertionError(f"request {number + 1}: {error}") from None
    with step("no try was lost by it"):
        assert ClientPin(ctap).get_pin_retries()[0] == 8


@group("pty", "unix")
def hid(authenticator):
    device = authenticator.open()
    # [11.2.9.1.3] [11.2.7]
    with step("it can CBOR, MSG and WINK"):
        assert device.capabilities & 4 and not device.capabilities & 8 and device.capabilities & 1
    for length in (0, 1, 57, 58, 1000, 7609):
        # [11.2.9.1.4] [11.2.4]
        with step(f"ping of {length} bytes"):
            sent = os.urandom(length)
            assert device.ping(sent) == sent
    # [11.2.9.2.1]
    with step("wink"):
        device.wink()
    # [11.2.9.1.6 0x01]
    with step("a command that there is none"):
        refused(ERR.INVALID_COMMAND, device.call, 0x66)
    # [11.2.9.1.6 0x03]
    with step("nothing said with CBOR and MSG"):
        refused(ERR.INVALID_LENGTH, device.call, CTAPHID.CBOR)
        refused(ERR.INVALID_LENGTH, device.call, CTAPHID.MSG)
    if WAY == "pty":
        return
    other = authenticator.open()
    for client_of_it in (device, other):
        client_of_it._connection.channel = struct.pack(">I", client_of_it._channel_id)
    # [11.2.3] [11.2.5.1]
    with step("two clients have two channels"):
        assert other._channel_id != device._channel_id and other.ping(b"x" * 200) == b"x" * 200 and device.ping(b"y" * 99) == b"y" * 99
    # [11.2.9.2.2] [11.2.6] [11.2.9.1.6 0x06]
    with step("a lock keeps the other out until it ends"):
        device.lock(2)
        assert device.ping(b"mine") == b"mine"
        try:
            other._do_call(CTAPHID.PING, b"mine", threading.Event(), None)
            raise AssertionError("the lock did not hold")
        except CtapError as error:
            assert error.code == ERR.CHANNEL_BUSY
        device.lock(0)
        assert other.ping(b"now") == b"now"
    # [11.2.5.2] [11.2.9.1.6 0x05] [11.2.9.1.6]
    with step("a message that stops half way times out"):
        device._connection.write_packet(struct.pack(">IBH", device._channel_id, 0x81, 200).ljust(64, b"\1"))
        answer = device._connection.read_packet()
        assert answer[4:8] == b"\xbf\0\1\5", answer.hex()
    # [11.2.5.4] [11.2.9.1.6 0x04]
    with step("packets out of order end the message"):
        device._connection.write_packet(struct.pack(">IBH", device._channel_id, 0x81, 200).ljust(64, b"\1"))
        device._connection.write_packet(struct.pack(">IB", device._channel_id, 1).ljust(64, b"\1"))
        answer = device._connection.read_packet()
        assert answer[4:8] == b"\xbf\0\1\4", answer.hex()
    # [11.2.9.1.6 0x02]
    with step("no lock is for 11 seconds"):
        refused(ERR.INVALID_PARAMETER, device.call, CTAPHID.LOCK, b"\x0b")
    # [11.2.9.1.6 0x0B]
    with step("a channel that nobody was given"):
        mine, unknown = device._connection.channel, struct.pack(">I", device._channel_id ^ other._channel_id ^ 1)
        device._connection.channel = unknown
        device._connection.write_packet((unknown + b"\x81\0\1x").ljust(64, b"\0"))
        answer = device._connection.read_packet()
        device._connection.channel = mine
        assert answer[4:8] == b"\xbf\0\1\x0b", answer.hex()
    # [11.2.9.1.5]
    with step("CANCEL with nothing to cancel is not answered"):
        device._send_cancel()
        assert device.ping(b"still here") == b"still here"


@group()
def fingers(authenticator):
    device = authenticator.open()
    ctap = Ctap2(device)
    if not BioEnrollment.is_supported(ctap.info):
        ok("fingers # SKIP this build has no matcher")
        return
    ClientPin(ctap).set_pin(PIN)
    for cls in PROTOCOLS:
        protocol = cls()

        def bio(permissions=PERMISSION.BIO_ENROLL):
            return FPBioEnrollment(ctap, protocol, token(ctap, protocol, permissions))

        # [6.7.2] [6.7.3]
        with step(f"protocol {cls.VERSION}: a sensor for fingers"):
            anybody = FPBioEnrollment(ctap, None, None)
            told = anybody.get_fingerprint_sensor_info()
            assert anybody.get_modality() == 1 and told[2] in (1, 2) and told[3] > 0 and told[8] >= 64
        # [6.5.5.7.3 5] [6.7.6] [6.7.6 none] [6.4 uv] [6.4 bioEnroll]
        with step(f"protocol {cls.VERSION}: no finger yet"):
            assert dict(bio().enumerate_enrollments()) == {} and not ctap.get_info().options["uv"]
            refused((ERR.UV_INVALID, ERR.NOT_ALLOWED, ERR.UV_BLOCKED, ERR.INVALID_OPTION, ERR.UNSUPPORTED_OPTION, ERR.INVALID_COMMAND, ERR.INVALID_PARAMETER,
                     ERR.INVALID_SUBCOMMAND), ClientPin(ctap, protocol).get_uv_token, PERMISSION.MAKE_CREDENTIAL, RP["id"])
        # [6.7.4 1] [6.7.4 5] [6.7.6 5]
        with step(f"protocol {cls.VERSION}: a token for something else, and none"):
            refused(ERR.PIN_AUTH_INVALID, bio(PERMISSION.CREDENTIAL_MGMT).enumerate_enrollments)
            refused(ERR.PUAT_REQUIRED, ctap.bio_enrollment, 1, FPBioEnrollment.CMD.ENROLL_BEGIN)
        template = None
        # [6.7.4] [6.7.4 8] [6.7.4 9] [6.7.4 remainingSamples] [6.7.4 lastEnrollSampleStatus] [6.4 uv] [6.4 bioEnroll]
        with step(f"protocol {cls.VERSION}: enrolled"):
            template = enrol(bio())
            info = ctap.get_info()
            assert info.options["uv"] is True and info.options["bioEnroll"] is True
        # [6.7.6] [6.7.7] [6.7.7 length] [6.7.6 4] [6.7.7 4] [6.7.7 5]
        with step(f"protocol {cls.VERSION}: listed and named, up to the longest name"):
            assert dict(bio().enumerate_enrollments()) == {template: ""}
            for name in ("index", "x" * told[8]):
                bio().set_name(template, name)
                assert dict(bio().enumerate_enrollments()) == {template: name}
            refused((ERR.INVALID_LENGTH, ERR.INVALID_PARAMETER, ERR.LIMIT_EXCEEDED), bio().set_name, template, "x" * (told[8] + 1))
        # [6.7.7 unknown] [6.7.8 unknown]
        with step(f"protocol {cls.VERSION}: a finger that nobody has"):
            refused(ERR.INVALID_OPTION, bio().set_name, b"\0" * len(template), "x")
            refused(ERR.INVALID_OPTION, bio().remove_enrollment, b"\0" * len(template))
        # [6.5.5.7.3 9] [6.5.5.7.3 12] [6.5.5.7.3 15] [6.5.5.7.3 16]
        with step(f"protocol {cls.VERSION}: it registers and logs in without a PIN"):
            ClientPin.PROTOCOLS = [cls]
            browser = client(device, pin="not this one", uv=True)
            data, _ = by_finger(register, browser, user_verification="required")
            assert verified(data)
            _, login = by_finger(log_in, browser, [data.credential_data], user_verification="required")
            assert verified(login.response.authenticator_data)
            ClientPin.PROTOCOLS = [PinProtocolV2, PinProtocolV1]
        # [6.1.2 11.2] [6.1.2 11.2.2] [6.1.2 11.2.4]
        with step(f"protocol {cls.VERSION}: by the option uv, too"):
            assert verified(by_finger(make, ctap, options={"uv": True}).auth_data)
        # [6.5.5.3]
        with step(f"protocol {cls.VERSION}: its tries are counted"):
            assert 1 <= ClientPin(ctap, protocol).get_uv_retries() <= 25
        # [6.7.8] [6.7.8 4] [6.7.8 5]
        with step(f"protocol {cls.VERSION}: removed"):
            bio().remove_enrollment(template)
            assert dict(bio().enumerate_enrollments()) == {} and ctap.get_info().options["uv"] is False
    # [6.7.5]
    with step("an enrolment that is broken off leaves nothing"):
        protocol = PinProtocolV2()
        half = FPBioEnrollment(ctap, protocol, token(ctap, protocol, PERMISSION.BIO_ENROLL))
        context = half.enroll()
        context.capture()
        context.cancel()
        assert dict(half.enumerate_enrollments()) == {}


def enrol(bio):
    context = bio.enroll()
    for _ in range(60):
        try:
            template = context.capture()
        except CaptureError:
            continue
        if template is not None:
            return template
    raise AssertionError("no end of samples")


class Person:
    """Whom the authenticator asks by --prompt-socket, and who answers each question as he was told to."""

    def __init__(self, path, answer):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(60)
        self.socket.connect(path)
        self.answer, self.asked, self.taken_back = answer, [], 0
        self.thread = threading.Thread(target=self.listen, daemon=True)
        self.thread.start()

    def listen(self):
        try:
            for line in self.socket.makefile("r", encoding="utf-8"):
                told = json.loads(line)
                if "prompt" not in told:
                    self.taken_back += 1
                    continue
                self.asked.append(told)
                if self.answer:
                    self.socket.send(f"{self.answer} {told['prompt']}\n".encode())
        except OSError:
            pass

    def leave(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join(10)


PROMPTS = os.path.join(FOLDER, "prompts")


@group("unix", options=("--touch", "ask", "--prompt-socket", PROMPTS))
def presence(authenticator):
    """Somebody is asked: yes, no, nothing at all, and a client that does not want to wait."""
    device = authenticator.open()
    ctap = Ctap2(device)
    seen = []
    # [6.1.2 14] [11.2.9.1.7] [11.2.9.1.7 0x02] [6.1.2 14.2] [6.1.2 14.3]
    with step("yes, after a keepalive that says what is awaited"):
        person_asked = Person(PROMPTS, "yes")
        made = make(ctap, on_keepalive=seen.append)
        person_asked.leave()
        assert touched(made.auth_data) and STATUS.UPNEEDED in seen
        assert len(person_asked.asked) == 1 and "example.com" in json.dumps(person_asked.asked)
    # [6.4 0x0E]
    with step("getInfo no longer says that it touches by itself"):
        assert ctap.get_info().firmware_version >> 32 != 0x54455354
    # [6.1.2 14.2.1] [6.2.2 9.2.1]
    with step("no"):
        person_asked = Person(PROMPTS, "no")
        refused(ERR.OPERATION_DENIED, make, ctap, options={"rk": True})
        # [6.9 declined]
        refused(ERR.OPERATION_DENIED, ctap.selection)
        person_asked.leave()
        assert len(person_asked.asked) == 2
    # [11.2.9.1.5] [11.2.9.1.5 status]
    with step("CANCEL while nobody answers"):
        person_asked = Person(PROMPTS, None)
        for call in (lambda event: make(ctap, event=event, options={"rk": True}), lambda event: ctap.selection(event=event),
                     lambda event: ctap.get_assertion(RP["id"], b"\0" * 32, [{"type": "public-key", "id": made.auth_data.credential_data.credential_id}], event=event)):
            event = threading.Event()
            threading.Timer(0.5, event.set).start()
            began = time.monotonic()
            refused(ERR.KEEPALIVE_CANCEL, call, event)
            assert 0.4 < time.monotonic() - began < 5
        person_asked.leave()
        assert len(person_asked.asked) == 3
    # [11.2.5.1] [11.2.9.1.6 0x06]
    with step("meanwhile another client is told that it is busy"):
        person_asked = Person(PROMPTS, None)
        other = authenticator.open()
        for one in (device, other):
            one._connection.channel = struct.pack(">I", one._channel_id)
        event, ended = threading.Event(), []

        def wait():
            try:
                make(ctap, event=event, options={"rk": True})
            except CtapError as error:
                ended.append(error.code)

        waiting = threading.Thread(target=wait)
        waiting.start()
        while not person_asked.asked:
            time.sleep(0.02)
        try:
            other._do_call(CTAPHID.CBOR, b"\x04", threading.Event(), None)
            raise AssertionError("it was not busy")
        except CtapError as error:
            assert error.code == ERR.CHANNEL_BUSY
        event.set()
        waiting.join(10)
        assert ended == [ERR.KEEPALIVE_CANCEL] and other.call(CTAPHID.CBOR, b"\x04")[0] == 0
        person_asked.leave()
    with step("and what nobody agreed to was not done"):
        refused(ERR.NO_CREDENTIALS, ctap.get_assertion, RP["id"], b"\0" * 32, options={"up": False})


@group("pty", options=("--provision-demo",))
def person(authenticator):
    """Personalised: what the four-digit PIN is, and who may not learn whose certificate it is."""
    device = authenticator.open()
    ctap = Ctap2(device)
    protocol = PinProtocolV2()
    # [6.1.2 9.1]
    with step("enterprise attestation is not for everybody"):
        for kind in (1, 2):
            got = token(ctap, protocol, PERMISSION.MAKE_CREDENTIAL, RP["id"], pin="1234")
            param = protocol.authenticate(got, b"\x11" * 32)
            try:
                made = make(ctap, enterprise_attestation=kind, pin_uv_param=param, pin_uv_protocol=2)
            except CtapError as error:
                assert error.code == ERR.INVALID_PARAMETER
                continue
            assert not made.ep_att and made.fmt == "packed"
    with step("RS256 belongs to the certificate, which nobody asked for"):
        got = token(ctap, protocol, PERMISSION.MAKE_CREDENTIAL, RP["id"], pin="1234")
        refused(ERR.UNSUPPORTED_ALGORITHM, make, ctap, algorithms=[{"type": "public-key", "alg": -257}],
                pin_uv_param=protocol.authenticate(got, b"\x11" * 32), pin_uv_protocol=2)
    # [8.1]
    with step("commands that nobody defined"):
        for command in (0x42, 0x45, 0x50, 0x51, 0x7F, 0x80, 0xBF):
            refused(ERR.INVALID_COMMAND, ctap.send_cbor, command, {})


PORTAL = {"id": "portal.example", "name": "Portal"}
PERSON_PIN = "1234"
SIGNATURE_INVALID = 404  # docs/errors.md
RSA_FIRST = [{"type": "public-key", "alg": -257}, {"type": "public-key", "alg": -7}]


def as_person(ctap, by_finger, permissions, rp_id=None):
    """A token of the person's, by PIN or by finger."""
    if by_finger:
        return ClientPin(ctap).get_uv_token(permissions, rp_id)
    return token(ctap, PinProtocolV2(), permissions, rp_id, PERSON_PIN)


def client_data(kind, challenge, rp):
    return CollectedClientData.create(kind, challenge, "https://" + rp["id"])


def make_verified(ctap, kind=None, by_finger=False, rp=None, **more):
    """makeCredential of a verified user, and the case of it as `mitome verify` takes one."""
    rp, challenge = rp or PORTAL, os.urandom(32)
    data = client_data(CollectedClientData.TYPE.CREATE, challenge, rp)
    got = as_person(ctap, by_finger, PERMISSION.MAKE_CREDENTIAL, rp["id"])
    made = ctap.make_credential(data.hash, rp, {"id": b"hana", "name": "hana", "displayName": "Hana"},
                                more.pop("algorithms", [{"type": "public-key", "alg": -7}]), enterprise_attestation=kind,
                                pin_uv_param=PinProtocolV2().authenticate(got, data.hash), pin_uv_protocol=2, **more)
    answer = RegistrationResponse(raw_id=made.auth_data.credential_data.credential_id, response=AuthenticatorAttestationResponse(
        client_data=data, attestation_object=AttestationObject.create(made.fmt, made.auth_data, made.att_stmt)))
    return made, case_of("registration", rp, challenge, answer)


def case_of(kind, rp, challenge, answer):
    return {"name": kind, "kind": kind, "rp_id": rp["id"], "origin": "https://" + rp["id"], "challenge_b64url": websafe_encode(challenge),
            "response": dict(answer), "policy": {"user_verification": "required", "trust": "required"}}


def verdict(authenticator, case, roots=("trust", "jpki-trust", "crl")):
    """What `mitome verify` says, with the roots that stand beside the state."""
    files = {"trust": "maker-ca.pem", "jpki-trust": "jpki-ca.pem", "crl": "jpki-crl.pem"}
    options = [part for root in roots for part in ("--" + root, os.path.join(authenticator.state, files[root]))]
    done = subprocess.run([MITOME, "verify", *options], input=json.dumps(case) + "\n", capture_output=True, text=True, timeout=20)
    return json.loads(done.stdout)


def accepted(authenticator, case, fmt="mitome-jpki"):
    said = verdict(authenticator, case)
    assert said["ok"] and said["trust"] == "verified" and said["fmt"] == fmt, said


def certified_key(made):
    """The numbers of the key in the person's certificate."""
    numbers = load_der_x509_certificate(made.att_stmt["x5c"][0]).public_key().public_numbers()
    return {1: 3, 3: -257, -1: numbers.n.to_bytes(256, "big"), -2: numbers.e.to_bytes(3, "big")}


@group(options=("--provision-demo",))
def mapping(authenticator):
    """Whose certificate it is, for the relying party on the list, and for nobody else."""
    device = authenticator.open()
    ctap = Ctap2(device)
    info = ctap.info
    # [6.4 0x04] [6.4 ep] [7.1]
    with step("getInfo: enterprise attestation is on, and RS256 is the certificate's"):
        assert info.options["ep"] is True and -257 in [a["alg"] for a in info.algorithms]
        assert "mitome-jpki" in info.attestation_formats and "mitome-jpki" in info.extensions and info.min_pin_length == 4
    # [6.11.1]
    with step("to switch on what is on is no change"):
        got = token(ctap, PinProtocolV2(), PERMISSION.AUTHENTICATOR_CFG, pin=PERSON_PIN)
        Config(ctap, PinProtocolV2(), got).enable_enterprise_attestation()
    ways = (False, True) if info.options.get("uv") else (False,)
    if len(ways) == 1:
        ok("by finger # SKIP this build has no matcher")
    for by_finger in ways:
        way = "finger" if by_finger else "pin"
        for kind in (1, 2):
            # [6.1.2 9.2.2] [6.1.2 9] [6.1.2 9.2.3] [7.1]
            with step(f"{way}, enterprise attestation {kind}: the listed relying party learns whose certificate it is, and believes it"):
                made, case = make_verified(ctap, kind, by_finger)
                assert made.fmt == "mitome-jpki" and made.ep_att is True and verified(made.auth_data)
                assert set(made.att_stmt) == {"alg", "sig", "x5c", "device"} and made.auth_data.credential_data.public_key[3] == -7
                accepted(authenticator, case)
            with step(f"{way}, enterprise attestation {kind}: another learns the model"):
                made, case = make_verified(ctap, kind, by_finger, RP)
                assert made.fmt == "packed" and not made.ep_att
                accepted(authenticator, case, "packed")
        with step(f"{way}: and so does the listed one that does not ask"):
            made, case = make_verified(ctap, None, by_finger)
            assert made.fmt == "packed" and not made.ep_att
            accepted(authenticator, case, "packed")
        with step(f"{way}: mitome-jpki tells native clients how the user was verified"):
            made, _ = make_verified(ctap, None, by_finger, RP, extensions={"mitome-jpki": True})
            assert made.auth_data.extensions == {"mitome-jpki": way}
            got = as_person(ctap, by_finger, PERMISSION.GET_ASSERTION, RP["id"])
            found = ctap.get_assertion(RP["id"], b"\x22" * 32, [{"type": "public-key", "id": made.auth_data.credential_data.credential_id}],
                                       {"mitome-jpki": True}, pin_uv_param=PinProtocolV2().authenticate(got, b"\x22" * 32), pin_uv_protocol=2)
            assert found.auth_data.extensions == {"mitome-jpki": way}
            found.verify(b"\x22" * 32, made.auth_data.credential_data.public_key)
    with step("one whose roots are not believed is not: neither without the maker's nor without the authority's"):
        _, case = make_verified(ctap, 1)
        for left in (("jpki-trust", "crl"), ("trust", "crl"), ("trust", "jpki-trust")):
            said = verdict(authenticator, case, left)
            assert not said["ok"] and said.get("trust") != "verified", said
    with step("nor is one whose device speaks of something else"):
        one, case = make_verified(ctap, 1)
        other, _ = make_verified(ctap, 1)
        case["response"]["response"]["attestationObject"] = websafe_encode(
            AttestationObject.create(one.fmt, one.auth_data, {**one.att_stmt, "device": other.att_stmt["device"]}))
        said = verdict(authenticator, case)
        assert not said["ok"] and said["code"] == SIGNATURE_INVALID, said
    # [6.1.2 8] [6.1.2 9.2.1]
    with step("without a verified user there is nothing, and a third kind there is none"):
        refused(ERR.PUAT_REQUIRED, make, ctap, rp=PORTAL, enterprise_attestation=1)
        refused(ERR.INVALID_OPTION, make_verified, ctap, 3)
        refused(ERR.INVALID_OPTION, make_verified, ctap, 0)
    with step("a browser that asks by its own rules gets it, too"):
        challenge = os.urandom(32)
        browser = client(device, PERSON_PIN, origin="https://portal.example", uv=len(ways) == 2)
        answer = browser.make_credential({"rp": PORTAL, "user": {"id": b"ken", "name": "ken", "displayName": "Ken"}, "challenge": challenge,
                                          "pubKeyCredParams": RSA_FIRST[1:], "attestation": "enterprise",
                                          "authenticatorSelection": {"userVerification": "required"}})
        accepted(authenticator, case_of("registration", PORTAL, challenge, answer))
    certificate_credential(authenticator, device)
    vendor_command(authenticator, ctap)
    # [6.6]
    with step("a reset ends the certificate and what was listed"):
        ctap = Ctap2(authenticator.again())
        ctap.reset()
        info = ctap.get_info()
        assert info.options["ep"] is False and -257 not in [a["alg"] for a in info.algorithms] and "mitome-jpki" not in info.attestation_formats
        ClientPin(ctap).set_pin(PERSON_PIN)
        refused(ERR.INVALID_PARAMETER, make_verified, ctap, 1)
        assert make_verified(ctap)[0].fmt == "packed"
    with step("and only the management station switches it on again"):
        got = token(ctap, PinProtocolV2(), PERMISSION.AUTHENTICATOR_CFG, pin=PERSON_PIN)
        refused((ERR.NOT_ALLOWED, ERR.OPERATION_DENIED), Config(ctap, PinProtocolV2(), got).enable_enterprise_attestation)
        assert ctap.get_info().options["ep"] is False


def certificate_credential(authenticator, device):
    """The certificate's own key as a credential."""
    ctap = Ctap2(device)
    protocol = PinProtocolV2()
    # [6.1.2 3.1.3]
    with step("RS256 first and asked for by the listed one: the certificate's key is the credential"):
        made, case = make_verified(ctap, 1, algorithms=RSA_FIRST, options={"rk": True}, extensions={"credProtect": 1})
        key = made.auth_data.credential_data.public_key
        assert made.fmt == "mitome-jpki" and dict(key) == certified_key(made) and made.auth_data.extensions == {"credProtect": 3}
        accepted(authenticator, case)
    with step("second, it is another key; not asked for, and at another, too"):
        for kind, rp, algorithms in ((1, PORTAL, RSA_FIRST[::-1]), (None, PORTAL, RSA_FIRST), (1, RP, RSA_FIRST)):
            assert make_verified(ctap, kind, rp=rp, algorithms=algorithms)[0].auth_data.credential_data.public_key[3] == -7
    # [6.1.2 3.2]
    with step("alone, it is for nobody else"):
        refused(ERR.UNSUPPORTED_ALGORITHM, make_verified, ctap, 1, rp=RP, algorithms=RSA_FIRST[:1])
        refused(ERR.UNSUPPORTED_ALGORITHM, make_verified, ctap, None, algorithms=RSA_FIRST[:1])
    item = {"type": "public-key", "id": made.auth_data.credential_data.credential_id}
    for allow, by_finger in (([item], False), (None, bool(ctap.info.options.get("uv")))):
        # [6.2.2 13]
        with step("a login by it " + ("from a list" if allow else "by its relying party alone") + " verifies with the certificate's key"):
            challenge = os.urandom(32)
            data = client_data(CollectedClientData.TYPE.GET, challenge, PORTAL)
            got = as_person(ctap, by_finger, PERMISSION.GET_ASSERTION, PORTAL["id"])
            found = ctap.get_assertion(PORTAL["id"], data.hash, allow, pin_uv_param=protocol.authenticate(got, data.hash), pin_uv_protocol=2)
            found.verify(data.hash, CoseKey.parse(certified_key(made)))
            answer = AuthenticationResponse(raw_id=item["id"], response=AuthenticatorAssertionResponse(
                client_data=data, authenticator_data=found.auth_data, signature=found.signature, user_handle=b"hana"))
            case = {**case_of("authentication", PORTAL, challenge, answer), "credential_public_key_b64url": websafe_encode(cbor.encode(key))}
            del case["policy"]["trust"]
            said = verdict(authenticator, case)
            assert said["ok"] and said["alg"] == "RS256", said
    # [12.1]
    with step("without a verified user it is not found, whatever was asked of its protection"):
        for allow in (None, [item]):
            refused(ERR.NO_CREDENTIALS, ctap.get_assertion, PORTAL["id"], b"\0" * 32, allow)

    def manager():
        return CredentialManagement(ctap, protocol, token(ctap, protocol, PERMISSION.CREDENTIAL_MGMT, pin=PERSON_PIN))

    # [6.8.4]
    with step("it is listed, with protection 3 and its key"):
        found = [c for c in manager().enumerate_creds(sha256(PORTAL["id"].encode())) if c[7]["id"] == item["id"]]
        assert len(found) == 1 and found[0][10] == 3 and dict(found[0][8]) == certified_key(made)
    # [6.8.5]
    with step("deleted, it is gone; the certificate and its key stay"):
        manager().delete_cred(item)
        got = as_person(ctap, False, PERMISSION.GET_ASSERTION, PORTAL["id"])
        refused(ERR.NO_CREDENTIALS, ctap.get_assertion, PORTAL["id"], b"\0" * 32, [item], pin_uv_param=protocol.authenticate(got, b"\0" * 32), pin_uv_protocol=2)
        again, case = make_verified(ctap, 1, algorithms=RSA_FIRST)
        assert certified_key(again) == certified_key(made) and dict(again.auth_data.credential_data.public_key) == certified_key(made)
        accepted(authenticator, case)


def vendor_command(authenticator, ctap):
    """What only the app that embeds it may ask (VENDOR.md), asked as that would."""
    reading, signing = b"\x58", b"\x56"

    def shown(secret, instruction, use):
        agreement, shared = agree(ctap, PinProtocolV2())
        sealed = PinProtocolV2().encrypt(shared, secret)
        return {2: 2, 3: agreement, 4: sealed, 5: PinProtocolV2().authenticate(shared, instruction + sealed + use)}

    password, document = b"PASSWORD1".ljust(64, b"\0"), sha256(b"a document")
    by_pin = shown(sha256(PERSON_PIN.encode())[:16], reading, b"\x00\x0a\x00\x00")
    wishes = {
        "reading a certificate, even a CA's": lambda: {1: 1, 7: 0x000B},
        "reading the person's by the PIN": lambda: {1: 1, **by_pin, 7: 0x000A, 8: 0},
        "signing a document by the right password": lambda: {1: 2, **shown(password, signing, document), 6: document},
        "a receipt": lambda: {1: 3},
        "a statement": lambda: {1: 5, 9: bytes(16)},
        "what there is not": lambda: {1: 99}}
    for name, wish in wishes.items():
        with step("the vendor command is none to a host: " + name):
            refused(ERR.INVALID_COMMAND, ctap.send_cbor, 0x4D, wish())
    with step("which has cost no try and no signature"):
        said = json.loads(subprocess.run([MITOME, "status", "--state", authenticator.state, "--json"], capture_output=True, text=True, timeout=20).stdout)
        assert said["certificates"]["password_tries"] == 5 and said["certificates"]["lease"] == 1000 and said["pin_tries"] == 3
        assert said["enterprise_attestation"] and said["certificate_credentials"] and not said["troubles"]


def run(function, name, options):
    try:
        authenticator = Authenticator(name, *options)
    except RuntimeError as error:
        ok(f"{name}: {error}", False)
        return
    try:
        function(authenticator)
    except Exception:
        ok(f"{name} ran to its end", False, traceback.format_exc())
    finally:
        with step(f"{name}: it stops when it is told to"):
            authenticator.stop()
            assert authenticator.status == 0, f"exit status {authenticator.status}"


def main():
    for function, ways, options in GROUPS:
        name = function.__name__
        if (not ways or WAY in ways) and (not ONLY or name in ONLY):
            run(function, name, options)
    with open(os.path.join(FOLDER, "authenticator.log"), "rb") as log:
        text = log.read()
    ok("no PIN ever stood in its log", PIN.encode() not in text)
    print(f"1..{count}")
    sys.exit(1 if broken else 0)


main()
