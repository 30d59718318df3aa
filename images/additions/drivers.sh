#!/bin/sh
# drivers.sh install | remove: sees to it that this Linux guest starts on any of Gantry's disk controllers and
# has its network there, whatever it was installed on (IDE, SATA, another product): the drivers go into its
# initramfs. install.sh runs it. A second run changes nothing; `remove` takes out what `install` put in.
set -eu

# Paravirtual first, then what is emulated: SCSI of old and new, SATA, IDE, and the network adapters.
wanted="virtio_pci virtio_blk virtio_scsi sd_mod sr_mod sym53c8xx am53c974 ahci ata_piix
  virtio_net e1000 e1000e pcnet32 tulip 8139cp"

begin='# gantry additions: drivers of virtual hardware'
end='# gantry additions: end'
modules=/etc/initramfs-tools/modules
dracut=/etc/dracut.conf.d/90-gantry.conf
mkinitcpio=/etc/mkinitcpio.conf.d/gantry.conf

say() { echo "gantry additions: $*"; }
has() { command -v "$1" > /dev/null 2>&1; }

# Those that the kernel has, as modules or built in; the others are told.
known() {
  found= missing=
  kernel=/lib/modules/$(uname -r)
  for driver in $wanted; do
    if cat "$kernel/modules.dep" "$kernel/modules.builtin" 2> /dev/null | grep -q "/$driver\.ko"
    then found="$found${found:+ }$driver"
    else missing="$missing $driver"
    fi
  done
  [ -z "$missing" ] || say "this kernel has no driver${missing}" >&2
}

# Whether the text on standard input differs from the file; then it is its content.
changes() {
  mkdir -p "$(dirname "$1")"
  cat > "$1.gantry-new"
  if [ -e "$1" ] && cmp -s "$1.gantry-new" "$1"; then rm "$1.gantry-new"; return 1; fi
  mv "$1.gantry-new" "$1"
}

without_block() { [ ! -e "$modules" ] || sed "/^$begin\$/,/^$end\$/d" "$modules"; }
with_block() {
  without_block
  echo "$begin"
  for driver in $found; do echo "$driver"; done
  echo "$end"
}

rebuild() {
  say "making the initramfs anew: $*"
  "$@" > /dev/null || { say "$1 failed: the guest starts as before, without what was changed" >&2; exit 1; }
}

install_drivers() {
  if [ -d /etc/initramfs-tools ] && has update-initramfs; then
    known
    with_block | changes "$modules" || { say "the drivers are in $modules already"; return 0; }
    rebuild update-initramfs -u -k all
  elif has dracut; then
    known
    echo "add_drivers+=\" $found \"" | changes "$dracut" || { say "the drivers are in $dracut already"; return 0; }
    rebuild dracut -f --regenerate-all
  elif has mkinitcpio; then
    known
    echo "MODULES+=($found)" | changes "$mkinitcpio" || { say "the drivers are in $mkinitcpio already"; return 0; }
    rebuild mkinitcpio -P
  else
    say "no initramfs-tools, dracut or mkinitcpio: the drivers are left as they are"
    return 0
  fi
  say "drivers for any of Gantry's disks and adapters are in the initramfs: $found"
}

remove_drivers() {
  if [ -e "$modules" ] && grep -q "^$begin\$" "$modules"; then
    without_block | changes "$modules" && rebuild update-initramfs -u -k all
  fi
  if [ -e "$dracut" ]; then rm "$dracut"; rebuild dracut -f --regenerate-all; fi
  if [ -e "$mkinitcpio" ]; then rm "$mkinitcpio"; rebuild mkinitcpio -P; fi
}

case ${1-} in
  install) install_drivers ;;
  remove) remove_drivers ;;
  *) say "usage: drivers.sh install | remove" >&2; exit 2 ;;
esac
