# SPDX-License-Identifier: Apache-2.0
# Sourced by the scripts that have a guest: a machine with Debian's kernel, emulated, so that no device of this machine
# is touched and no right of it is needed. An initrd brings the programs that are installed here; in the guest
# guest_init.sh plays the machine, and a script of the caller's its user. The caller has set `here` and `packages`, where
# what was unpacked is kept, and has sourced tap.sh.
needs qemu-system-x86_64 cpio ldd fido2-token
busybox=$(first_file /bin/busybox /usr/bin/busybox)
[ -n "$busybox" ] || skip_all 'there is no busybox here'
ldd "$busybox" >/dev/null 2>&1 && skip_all 'the busybox here is not a static one'
[ "$(uname -m)" = x86_64 ] || skip_all 'the guest is an x86_64 and takes the programs of this machine'
sh "$here/fetch_guest.sh" "$packages" || skip_all 'the kernel for the guest could not be had'
packages=$(cd "$packages" && pwd)
work=$(mktemp -d)
running=''
trap '[ -z "$running" ] || kill "$running" 2>/dev/null; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
root=$work/root
mkdir -p "$root/usr/bin" "$root/usr/sbin" "$root/usr/lib" "$root/etc/pam.d" "$root/dev" "$root/proc" "$root/sys" "$root/run/sshd" \
        "$root/tmp" "$root/root" "$root/home/alice" "$root/var/empty"
for folder in bin sbin lib; do
        ln -s "usr/$folder" "$root/$folder"
done
ln -s usr/lib "$root/lib64"
ln -s lib "$root/usr/lib64"

# place FILE [PLACE] puts a program or a module of PAM into the guest, with the libraries that it names. All libraries
# go into one folder, which the guest's loader is told of.
place() {
        target=$root/${2:-$1}
        mkdir -p "$(dirname "$target")"
        cp -L "$1" "$target"
        LD_LIBRARY_PATH=$packages ldd "$1" 2>/dev/null | sed -nE 's/^[^/]*(\/[^ ]*) \(0x.*/\1/p' | while read -r library; do
                cp -Ln "$library" "$root/usr/lib/"
        done
}

# first_place PLACE PATH..: the first of the paths that is here.
first_place() {
        name=$1
        shift
        found=$(first_file "$@")
        [ -n "$found" ] || skip_all "there is no $name here"
        place "$found" "$name"
}

# place_commands NAME..: programs that are installed here.
place_commands() {
        for program in "$@"; do
                place "$(command -v "$program")" "usr/bin/$program"
        done
}

place "$busybox" usr/bin/busybox

# run_guest USER: starts the machine and waits for its end. It prints what the user's script prints. Time in the guest is
# counted in its instructions (-icount): no limit of time in there hangs on how busy this machine is, and nobody waits for
# one who sleeps.
run_guest() {
        loader=$(ldd "$(command -v fido2-token)" | sed -nE 's/^[^/]*(\/[^ ]*ld-linux[^ ]*) \(0x.*/\1/p')
        [ -e "$root$loader" ] || ln -s "/usr/lib/$(basename "$loader")" "$root$loader"
        mkdir "$root/modules"
        cp "$packages"/*.ko "$root/modules/"
        cp "$1" "$root/root/user.sh"
        cp "$here/guest_device.sh" "$here/../interop/tap.sh" "$root/root/"
        cp "$here/guest_init.sh" "$root/init"
        chmod 755 "$root/init"
        (cd "$root" && find . | cpio --quiet -o -H newc -R 0:0) >"$work/initrd"

        timeout 540 qemu-system-x86_64 -accel tcg -icount shift=0,sleep=off -cpu max -m 768 -nodefaults -no-user-config -display none -no-reboot -nic none \
                -serial "file:$work/console" -serial "file:$work/tap" -kernel "$packages/vmlinuz" -initrd "$work/initrd" \
                -append 'console=ttyS0 quiet panic=-1 rdinit=/init' >"$work/qemu" 2>&1 </dev/null &
        running=$!
        result=0
        wait "$running" || result=$?
        running=''
        tr -d '\r' <"$work/tap"
        grep -q '^1\.\.[0-9]' "$work/tap" || {
                tail -n 30 "$work/qemu" "$work/console" | sed 's/^/# /'
                echo "Bail out! the guest ended early (status $result)"
                exit 1
        }
}
