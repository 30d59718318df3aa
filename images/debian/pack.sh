#!/bin/sh
# pack.sh TAR OVERLAY WORK IMAGE ROOT_UUID: makes an ext4 file system of a root file system's archive and the
# files that go over it. Runs under fakeroot: owners are those of the archive, and no root is needed.
set -eu
archive=$1 overlay=$2 work=$3 image=$4 uuid=$5

mkdir "$work/root"
tar -x -p --numeric-owner -f "$archive" -C "$work/root"
cp -R --no-preserve=mode,ownership "$overlay/." "$work/root/"
chmod 755 "$work/root/usr/local/bin/gantry-guest"

# What must differ between machines is made by each on its first start.
: > "$work/root/etc/machine-id"
rm -f "$work/root"/etc/ssh/ssh_host_* "$work/root"/var/lib/dbus/machine-id \
  "$work/root"/var/lib/systemd/random-seed "$work/root"/etc/apt/sources.list
mkdir -p "$work/root/boot/efi"

wants=$work/root/etc/systemd/system/multi-user.target.wants
mkdir -p "$wants"
ln -sf /lib/systemd/system/systemd-networkd.service "$wants/systemd-networkd.service"

# In every file system that GRUB 2.06 reads: without what newer mke2fs would add.
find "$work/root" -newermt "@$SOURCE_DATE_EPOCH" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
mke2fs -q -t ext4 -L root -U "$uuid" -E "hash_seed=$uuid,root_owner=0:0,lazy_itable_init=0" \
  -O '^metadata_csum_seed,^orphan_file' -m 1 -d "$work/root" "$image"
