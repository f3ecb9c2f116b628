#!/usr/bin/busybox sh
# SPDX-License-Identifier: Apache-2.0
# The first process of the guest: what a machine does before its user comes. The first serial line is the console, the
# second takes TAP, and the machine goes off when the user has done.
export PATH=/usr/sbin:/usr/bin HOME=/root LC_ALL=C
/usr/bin/busybox --install -s /usr/bin 2>/dev/null # what is there already stays
mount -t proc none /proc
mount -t sysfs none /sys
mount -t devtmpfs none /dev
mkdir -p /dev/pts
mount -t devpts none /dev/pts
mount -t tmpfs none /tmp
ip link set lo up
for module in hid hid-generic uhid; do
        insmod "/modules/$module.ko"
done

cat >/etc/passwd <<'END'
root:x:0:0:root:/root:/bin/sh
sshd:x:100:65534::/run/sshd:/bin/false
alice:x:1000:1000::/home/alice:/bin/sh
END
printf 'root:x:0:\nnogroup:x:65534:\nalice:x:1000:\ntty:x:5:\n' >/etc/group
printf 'root:*:19000::::::\nsshd:*:19000::::::\nalice:*:19000::::::\n' >/etc/shadow
printf 'passwd: files\ngroup: files\nshadow: files\nhosts: files\n' >/etc/nsswitch.conf
echo '127.0.0.1 localhost' >/etc/hosts
echo /bin/sh >/etc/shells
chmod 600 /etc/shadow
chmod 755 / /root /home
chown -R 1000:1000 /home/alice
hostname guest

cd /root
setsid sh user.sh >/dev/ttyS1 2>/dev/console </dev/null
poweroff -f
