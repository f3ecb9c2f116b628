#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# postgres_rig.sh [--restarts] PROGRAM [ARGUMENT..]
#
# Runs a program beside a PostgreSQL server of its own: in a temporary folder, at a socket in it, of a user that is not
# root, gone afterwards. MITOME_STORE is its address. Nothing that a server does for the disk's sake is waited for:
# what is killed here is the server, not the machine. With --restarts MITOME_POSTGRES is a command: "kill" kills the
# server without a warning, "start" starts it anew. Exit status 77: there is no server here.
set -u

again=
if [ "$1" = --restarts ]; then
        again=1
        shift
fi
for bin in "$(dirname "$(command -v pg_ctl || echo /nowhere/pg_ctl)")" /usr/lib/postgresql/*/bin; do
        [ -x "$bin/initdb" ] && [ -x "$bin/postgres" ] && break
done
if ! [ -x "$bin/initdb" ]; then
        echo "1..0 # SKIP no PostgreSQL server (postgresql) on this machine"
        exit 77
fi

folder=$(mktemp -d "${TMPDIR:-/tmp}/postgres_rig.XXXXXX") || exit 1
as=
if [ "$(id -u)" = 0 ]; then
        owner=postgres
        id -u "$owner" >/dev/null 2>&1 || owner=nobody
        chown "$owner" "$folder" || exit 1
        as="setpriv --reuid=$owner --regid=$(id -g "$owner") --clear-groups"
fi
cd "$folder" || exit 1

start() {
        $as "$bin/pg_ctl" -D "$folder/data" -l "$folder/log" -w -t 60 -s -o "-c listen_addresses= \
                -c unix_socket_directories=$folder -c fsync=off -c max_connections=40 -c shared_buffers=16MB" start \
                </dev/null >/dev/null
}

# pg_ctl waits for a server that stops; the folder is nobody's after that.
stop() {
        $as "$bin/pg_ctl" -D "$folder/data" -m immediate -w -s stop >/dev/null 2>&1
        rm -rf "$folder"
}
trap stop EXIT
trap 'exit 1' INT TERM HUP

if ! $as "$bin/initdb" -D "$folder/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync >"$folder/made" 2>&1 ||
        ! start; then
        cat "$folder/made" "$folder/log" >&2
        exit 1
fi
export MITOME_STORE="postgres://postgres@/postgres?host=$folder"
if [ -n "$again" ]; then
        cat >"$folder/server" <<END
#!/bin/sh
# Of the server, only what listens is killed: the others see that it is gone, and go.
if [ "\$1" = kill ]; then
        exec kill -KILL \$(head -n 1 "$folder/data/postmaster.pid")
fi
until $as "$bin/pg_ctl" -D "$folder/data" -l "$folder/log" -w -t 60 -s -o "-c listen_addresses= \
-c unix_socket_directories=$folder -c fsync=off -c max_connections=40 -c shared_buffers=16MB" start </dev/null >/dev/null 2>&1; do
        sleep 0.2
done
END
        chmod 755 "$folder" "$folder/server"
        export MITOME_POSTGRES="$folder/server"
fi
cd "$OLDPWD" || exit 1

"$@"
status=$?
if [ $status -ne 0 ] && [ $status -ne 77 ]; then
        echo "--- what the server said last:" >&2
        grep -E 'ERROR|FATAL|PANIC|STATEMENT' "$folder/log" | tail -n 40 >&2
fi
exit $status
