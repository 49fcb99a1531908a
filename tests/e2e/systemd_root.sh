#!/bin/sh
# The first process of a machine of its own: builds a throwaway root and becomes systemd.
#
# `systemd_root.sh WORK KEEP LAYOUT` is PID 1 of new namespaces: mount, pid, net, uts, ipc,
# cgroup. WORK is an empty folder, KEEP a folder that stays readable where it is, LAYOUT a
# tree that is put over the root. The host's root is only ever the lower layer of an
# overlay: what is written lies in a tmpfs, which ends with these namespaces. Where that
# cannot be had it ends before systemd has begun, as that would empty the host's own /tmp.
set -eu
work=$1 keep=$2 layout=$3
[ $$ -eq 1 ] || { echo "not the first process of its own: nothing is done" >&2; exit 1; }

mount --make-rprivate /
mount -t tmpfs -o mode=755,size=3g rehearsal "$work"
mkdir "$work/upper" "$work/inner" "$work/root" "$work/keep" "$work/layout"
root=$work/root
mount -t overlay -o "lowerdir=/,upperdir=$work/upper,workdir=$work/inner" overlay "$root"
mount --bind "$keep" "$work/keep" # not the overlay's: it may be a file system of its own
mount -o remount,bind,ro "$work/keep"
mount --bind "$layout" "$work/layout"
mount -o remount,bind,ro "$work/layout"

for each in run tmp var/tmp var/log/journal etc/systemd/system; do
  mkdir -p "$root/$each"
  mount -t tmpfs -o mode=755,size=256m tmpfs "$root/$each"
done
chmod 1777 "$root/tmp" "$root/var/tmp"
cp -R "$work/layout/." "$root/"
umount "$work/layout"
mkdir -p "$root$keep"
mount --bind "$work/keep" "$root$keep"
mount -o remount,bind,ro "$root$keep"
umount "$work/keep"
echo 0123456789abcdef0123456789abcdef >"$root/etc/machine-id"

mount -t tmpfs -o mode=755,size=1m tmpfs "$root/dev"
for each in null zero full random urandom tty; do
  : >"$root/dev/$each"
  mount --bind "/dev/$each" "$root/dev/$each"
done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
mount -t tmpfs -o mode=1777,size=64m tmpfs "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"

mount -t proc proc "$root/proc"
for each in sys sysrq-trigger irq bus; do
  [ -e "$root/proc/$each" ] || continue
  mount --bind "$root/proc/$each" "$root/proc/$each"
  mount -o remount,bind,ro "$root/proc/$each"
done
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"

mkdir "$root/run/before"
cd "$root"
pivot_root . run/before
umount -l /run/before
rmdir /run/before
mount --make-rshared / # among this machine's own: credentials are mounted from beside it
kinds="$(stat -f -c %T /) $(stat -f -c %T /tmp) $(stat -f -c %T /run)"
[ "$kinds" = "overlayfs tmpfs tmpfs" ] || {
  echo "not in the throwaway root ($kinds): systemd is not started" >&2
  exit 1
}

# A unit is only what was laid out: nothing of the distribution's own boot is found.
export container=rehearsal SYSTEMD_UNIT_PATH=/etc/systemd/system:/run/systemd/transient
export SYSTEMD_GENERATOR_PATH=/run/none SYSTEMD_ENVIRONMENT_GENERATOR_PATH=/run/none
exec setpriv --bounding-set=-sys_module,-sys_rawio,-sys_time,-wake_alarm,-mac_admin \
  /lib/systemd/systemd --system --unit=rehearsal.target --log-target=journal-or-kmsg \
  --show-status=0 </dev/null
