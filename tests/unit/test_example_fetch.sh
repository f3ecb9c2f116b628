#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# examples/fetch.c against servers on loopback: what arrives whole is put in place, anything else leaves the old file.
# usage: test_example_fetch.sh FETCH MITOME; prints TAP.
set -eu
export LC_ALL=C
fetch=$(realpath "$1")
mitome=$(realpath "$2")
unset http_proxy https_proxy HTTPS_PROXY all_proxy ALL_PROXY || true
for tool in python3 openssl; do
        command -v "$tool" >/dev/null || { echo "1..0 # SKIP there is no $tool here"; exit 0; }
done
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$work"' EXIT
umask 022

count=0
broken=0
report() {
        count=$((count + 1))
        if [ "$1" = 0 ]; then
                echo "ok $count - $2"
        else
                broken=$((broken + 1))
                echo "not ok $count - $2"
                sed 's/^/#   /' "$work/err"
        fi
}

# ---- an authority with a list, a responder, and a server for both ----

mkdir "$work/ca" "$work/www" "$work/got"
cd "$work/ca"
: >index
echo 01 >number
cat >conf <<'CONF'
[ca]
default_ca = here
[here]
database = index
crlnumber = number
default_md = sha256
default_crl_days = 30
[req]
distinguished_name = name
prompt = no
[name]
O = JPKI-TEST
CN = Fetch Test CA
[own]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[host]
basicConstraints = critical,CA:FALSE
subjectAltName = IP:127.0.0.1
CONF
{
        openssl req -config conf -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -extensions own -keyout ca.key -out ca.pem
        openssl req -config conf -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj '/CN=127.0.0.1' -keyout host.key -out host.csr
        openssl x509 -req -in host.csr -CA ca.pem -CAkey ca.key -set_serial 7 -days 30 -extfile conf -extensions host -out host.pem
        openssl ca -config conf -gencrl -keyfile ca.key -cert ca.pem -out crl.pem
        openssl crl -in crl.pem -outform DER -out "$work/www/list.crl"
        printf 'V\t%s\t\t07\tunknown\t/CN=127.0.0.1\n' "$(date -u -d '+30 days' +%y%m%d%H%M%SZ 2>/dev/null || echo 491231235959Z)" >index
        openssl ocsp -issuer ca.pem -cert host.pem -reqout request.der
} >openssl.log 2>&1 || { cat openssl.log >&2; exit 99; }

cat >serve.py <<'SERVE'
import http.server, ssl, subprocess, sys, threading, time
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def log_message(self, *rest): pass
    def start(self, status, **headers):
        self.send_response(status)
        for name, value in headers.items(): self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
    def whole(self, body):
        self.start(200, Content_Length=len(body)); self.wfile.write(body)
    def do_GET(self):
        self.close_connection = True
        path = self.path
        if path == "/list.crl": self.whole(open("../www/list.crl", "rb").read())
        elif path == "/thousand": self.whole(b"x" * 1000)
        elif path == "/empty": self.whole(b"")
        elif path == "/none": self.start(204)
        elif path == "/broken": self.start(500, Content_Length=4); self.wfile.write(b"oops")
        elif path == "/half": self.start(200, Content_Length=1000); self.wfile.write(b"x" * 500)
        elif path == "/half-chunk": self.start(200, Transfer_Encoding="chunked"); self.wfile.write(b"1f4\r\n" + b"x" * 500 + b"\r\n")
        elif path == "/says-large": self.start(200, Content_Length=1 << 40); self.wfile.write(b"x" * 500)
        elif path == "/is-large":
            self.start(200, Transfer_Encoding="chunked")
            for _ in range(64): self.wfile.write(b"400\r\n" + b"x" * 1024 + b"\r\n")
            self.wfile.write(b"0\r\n\r\n")
        elif path == "/slow":
            self.start(200, Content_Length=1000); self.wfile.write(b"x"); self.wfile.flush(); time.sleep(20)
        elif path == "/to-file": self.start(302, Location="file:///etc/hostname", Content_Length=0)
        elif path == "/to-http": self.start(302, Location="http://127.0.0.1:%d/thousand" % plain.server_port, Content_Length=0)
        elif path == "/to-https": self.start(302, Location="https://127.0.0.1:%d/thousand" % secure.server_port, Content_Length=0)
        elif path == "/around": self.start(302, Location="/around", Content_Length=0)
        else: self.start(404, Content_Length=0)
    def do_POST(self):
        self.close_connection = True
        request = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers["Content-Type"] != "application/ocsp-request": return self.start(415, Content_Length=0)
        with open("asked.der", "wb") as file: file.write(request)
        subprocess.run(["openssl", "ocsp", "-index", "index", "-CA", "ca.pem", "-rsigner", "ca.pem", "-rkey", "ca.key",
                        "-reqin", "asked.der", "-respout", "answer.der", "-ndays", "1"], check=True, capture_output=True)
        self.whole(open("answer.der", "rb").read())
def serve(secure):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *rest: None
    if secure:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain("host.pem", "host.key")
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
plain, secure = serve(False), serve(True)
print("http=http://127.0.0.1:%d\nhttps=https://127.0.0.1:%d" % (plain.server_port, secure.server_port), flush=True)
time.sleep(300)
SERVE
: >ports
python3 serve.py >ports 2>serve.log &
server=$!
tries=0
until [ "$(wc -l <ports)" -eq 2 ]; do
        tries=$((tries + 1))
        [ "$tries" -le 100 ] || { cat serve.log >&2; exit 99; }
        sleep 0.1
done
http=$(sed -n 's/^http=//p' ports)
https=$(sed -n 's/^https=//p' ports)
cd "$work/got"

# ---- what arrives ----

# gets NAME FILE-THAT-IT-IS ARGUMENT..: fetches into "it", which must then be the same, and the folder hold nothing else.
gets() {
        name=$1 same=$2
        shift 2
        result=0
        timeout 60 "$fetch" "$@" it >"$work/out" 2>"$work/err" || result=1
        cmp "$same" it >>"$work/err" 2>&1 || result=1
        [ "$(ls)" = it ] || { ls >>"$work/err"; result=1; }
        report "$result" "$name"
}

# keeps NAME WORD ARGUMENT..: must fail, say WORD, leave "it" as it was and nothing beside it.
keeps() {
        name=$1 word=$2
        shift 2
        echo 'the old one' >it
        result=0 got=0
        timeout 60 "$fetch" "$@" it >"$work/out" 2>"$work/err" || got=$?
        [ "$got" = 1 ] || { echo "exit status $got" >>"$work/err"; result=1; }
        grep -qF -e "$word" "$work/err" || result=1
        [ "$(cat it)" = 'the old one' ] && [ "$(ls)" = it ] || { ls >>"$work/err"; result=1; }
        report "$result" "$name"
}

head -c 1000 /dev/zero | tr '\0' x >"$work/thousand"
head -c 65536 /dev/zero | tr '\0' x >"$work/large"
gets 'a list over plain http from this machine' "$work/www/list.crl" "$http/list.crl"
result=0
[ "$(stat -c %a it)" = 644 ] || { stat it >"$work/err"; result=1; }
report "$result" 'its mode is what the umask gives'
result=0
"$mitome" verify --trust "$work/ca/ca.pem" --crl it </dev/null >"$work/out" 2>"$work/err" || result=1
report "$result" '`mitome verify --crl` reads what was fetched'
gets 'a file takes the place of another' "$work/thousand" "$http/thousand"
gets 'https, with an authority that is named' "$work/thousand" --ca "$work/ca/ca.pem" "$https/thousand"
gets 'as long as the limit' "$work/thousand" --max 1000 "$http/thousand"
gets 'in chunks, as long as the limit' "$work/large" --max 65536 "$http/is-large"
gets 'from a file' "$work/large" "$work/large"
gets 'from a file, as long as the limit' "$work/thousand" --max 1000 "$work/thousand"
echo 'the old one' >it
result=0
timeout 60 "$fetch" --ocsp "$work/ca/request.der" "$http/" it 2>"$work/err" || result=1
cmp it "$work/ca/answer.der" 2>>"$work/err" && cmp "$work/ca/asked.der" "$work/ca/request.der" 2>>"$work/err" || result=1
report "$result" 'a responder is asked, and its answer put in place'
result=0
"$mitome" verify --trust "$work/ca/ca.pem" --ocsp it </dev/null >"$work/out" 2>"$work/err" || result=1
report "$result" '`mitome verify --ocsp` reads it'

# ---- what does not ----

keeps '404' '404' "$http/nothing"
keeps '500, with a body' '500' "$http/broken"
keeps '204' 'status 204' "$http/none"
keeps 'nothing' 'empty' "$http/empty"
keeps 'half of what was promised' 'fetch:' "$http/half"
keeps 'a chunk without end' 'fetch:' "$http/half-chunk"
keeps 'what says that it is too large' 'fetch:' "$http/says-large"
keeps 'what says it is one byte too large' 'fetch:' --max 999 "$http/thousand"
keeps 'what turns out to be too large' '--max' --max 65535 "$http/is-large"
keeps 'what does not end in time' 'fetch:' --timeout 1 "$http/slow"
keeps 'nobody answers' 'fetch:' http://127.0.0.1:1/
keeps 'a redirect to a file' 'status 302' "$http/to-file"
keeps 'a redirect of plain http' 'status 302' "$http/to-https"
keeps 'a redirect from https to a file' 'fetch:' --ca "$work/ca/ca.pem" "$https/to-file"
keeps 'a redirect from https to http' 'fetch:' --ca "$work/ca/ca.pem" "$https/to-http"
keeps 'redirects without end' 'fetch:' --ca "$work/ca/ca.pem" "$https/around"
gets 'a redirect from https to https is followed' "$work/thousand" --ca "$work/ca/ca.pem" "$https/to-https"
keeps 'https of an authority that nobody named' 'fetch:' "$https/thousand"
keeps 'plain http from elsewhere' '--plain-http' http://192.0.2.1/list.crl
keeps 'ftp' 'neither https nor a file' ftp://127.0.0.1/list.crl
keeps 'file:' 'neither https nor a file' "file://$work/large"
keeps 'a file that is not there' 'No such file' "$work/nothing"
keeps 'a folder' 'no file' "$work"
keeps 'a device' 'no file' /dev/null
: >"$work/empty"
keeps 'an empty file' 'empty' "$work/empty"
keeps 'a file over the limit' '--max' --max 999 "$work/thousand"
keeps 'a request that is not there' 'No such file' --ocsp "$work/nothing" "$http/"
cat "$work/large" "$work/thousand" >"$work/larger"
keeps 'a request that is none' 'longer than a request' --ocsp "$work/larger" "$http/"

result=0 got=0
"$fetch" --max 0 a b 2>"$work/err" || got=$?
[ "$got" = 2 ] || result=1
report "$result" 'a limit of nothing is wrong usage'
result=0 got=0
"$fetch" "$work/thousand" "$work/nowhere/it" 2>"$work/err" || got=$?
[ "$got" = 1 ] && grep -q 'No such file' "$work/err" || result=1
report "$result" 'a folder that is not there'

printf '1..%d\n' "$count"
[ "$broken" -eq 0 ]
