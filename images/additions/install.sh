#!/bin/sh
# Installs the Gantry guest additions on a Linux guest: the QEMU guest agent of the distribution (heartbeat,
# clean shutdown, guest information, time), the command gantry-guest, rules that put hot-plugged processors and
# memory to use, and the drivers of virtual disks and adapters (drivers.sh). Run it again with a newer CD to update.
#
#   sh /media/cdrom/install.sh [--force | --uninstall | --version]
#
# Made for Debian and its relatives; where apt-get is missing, the package managers of other
# distributions are tried for the agent alone.
set -eu

source=$(cd "$(dirname "$0")" && pwd)
facts=/usr/share/gantry/additions.json
command=/usr/local/bin/gantry-guest
rules=/etc/udev/rules.d/70-gantry-hotplug.rules

say() { echo "gantry additions: $*"; }
fail() { say "$*" >&2; exit 1; }

version_in() {
  [ -r "$1" ] || return 0
  sed -n 's/.*"version"[[:space:]]*:[[:space:]]*"\([0-9.]*\)".*/\1/p' "$1"
}

install_agent() {
  command -v qemu-ga > /dev/null 2>&1 && return 0
  say "installing the guest agent from the distribution"
  if command -v apt-get > /dev/null 2>&1; then
    DEBIAN_FRONTEND=noninteractive apt-get -q -y install qemu-guest-agent ||
      { apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -q -y install qemu-guest-agent; }
  elif command -v dnf > /dev/null 2>&1; then dnf -q -y install qemu-guest-agent
  elif command -v zypper > /dev/null 2>&1; then zypper -q -n install qemu-guest-agent
  elif command -v apk > /dev/null 2>&1; then apk -q add qemu-guest-agent
  elif command -v pacman > /dev/null 2>&1; then pacman -S --noconfirm qemu-guest-agent
  else fail "no known package manager: install qemu-guest-agent by hand, then run this again"
  fi
}

start_agent() {
  if [ -d /run/systemd/system ]; then
    systemctl enable qemu-guest-agent.service > /dev/null 2>&1 || true
    systemctl start qemu-guest-agent.service ||
      say "the agent does not start yet: does the machine have the agent's channel?"
  elif [ -x /etc/init.d/qemu-guest-agent ]; then /etc/init.d/qemu-guest-agent start || true
  fi
}

put() {
  mkdir -p "$(dirname "$3")"
  cp "$2" "$3.new"
  chmod "$1" "$3.new"
  mv "$3.new" "$3"
}

shipped=$(version_in "$source/additions.json")
present=$(version_in "$facts")
case ${1-} in
  --version) echo "$shipped"; exit 0 ;;
  --uninstall)
    [ "$(id -u)" = 0 ] || fail "must be run as root"
    sh "$source/drivers.sh" remove
    rm -f "$command" "$rules" "$facts"
    say "removed; the package qemu-guest-agent is left in place"
    exit 0
    ;;
  --force) present= ;;
  '') ;;
  *) fail "usage: install.sh [--force | --uninstall | --version]" ;;
esac

[ "$(id -u)" = 0 ] || fail "must be run as root"
[ -n "$shipped" ] || fail "additions.json is missing beside install.sh"
if [ "$present" = "$shipped" ] && command -v gantry-guest > /dev/null 2>&1; then
  say "version $shipped is installed already"
  exit 0
fi

install_agent
put 755 "$source/gantry-guest" "$command"
if [ -d /etc/udev ]; then
  put 644 "$source/70-gantry-hotplug.rules" "$rules"
  udevadm control --reload > /dev/null 2>&1 || true
fi
# What runs already goes on without them: they are for its next start on other hardware.
sh "$source/drivers.sh" install || say "the drivers could not be installed" >&2
# Last: whoever reads this version knows that the rest is there.
put 644 "$source/additions.json" "$facts"
start_agent
say "version $shipped is installed${present:+, before it was $present}"
