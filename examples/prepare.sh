# SPDX-License-Identifier: Apache-2.0
# Sourced by examples/run and tests/run, which stand in the root of the source tree: installing and building.

say() {
        printf '%s\n' "$*"
}

die() {
        printf '%s: %s\n' "$program" "$*" >&2
        exit 2
}

# Prints the packages of the lists that are not installed.
missing_packages() {
        for package in $(sed 's/#.*//' "$@"); do
                state=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
                [ "$state" = installed ] && continue
                # Node's own packages bring npm along, and then there is none to install.
                [ "$package" = npm ] && command -v npm >/dev/null && continue
                printf '%s ' "$package"
        done
}

as_root() {
        if [ "$(id -u)" -eq 0 ]; then
                env DEBIAN_FRONTEND=noninteractive "$@"
        else
                sudo env DEBIAN_FRONTEND=noninteractive "$@"
        fi
}

# install_packages LIST.. installs what is missing of the lists, and asks the network for nothing when all is there.
install_packages() {
        if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
                say "This is no Debian: going on with what is installed. Needed are the equivalents of $*."
                return
        fi
        missing=$(missing_packages "$@")
        [ -n "$missing" ] || return 0
        if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
                die "missing packages, and neither root nor sudo to install them. As root: apt-get install $missing"
        fi
        say "Installing $missing"
        quietly as_root apt-get -qq update
        # shellcheck disable=SC2086 # a list of words
        quietly as_root apt-get -qq install -y --no-install-recommends $missing
}

# quietly COMMAND.. shows what the command said only when it fails, and then ends the run.
quietly() {
        log=$(mktemp)
        if ! "$@" >"$log" 2>&1; then
                cat "$log" >&2
                rm -f "$log"
                die "this failed: $*"
        fi
        rm -f "$log"
}

# build_in FOLDER OPTION.. configures a build folder, or brings one up to date, and compiles. One that cannot be
# brought up to date (the tree was moved, the compiler is another) is made anew.
build_in() {
        folder=$1
        shift
        if [ -e "$folder" ] && [ ! -w "$folder" ]; then
                die "$folder belongs to another user: remove it, or run as that user"
        fi
        if [ ! -f "$folder/build.ninja" ]; then
                quietly meson setup "$folder" "$@"
        elif ! meson setup --reconfigure "$folder" "$@" >/dev/null 2>&1; then
                quietly meson setup --wipe "$folder" "$@"
        fi
        quietly ninja -C "$folder"
}
