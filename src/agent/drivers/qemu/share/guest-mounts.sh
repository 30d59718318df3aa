# What the host asks of a Linux guest about its shared folders, given to /bin/sh by the guest agent:
#   drop NAME      unmounts it
#   release NAME   unmounts it and notes where it was, since a mounted folder cannot be saved with the machine
#   return         mounts again what was released
PATH=/sbin:/usr/sbin:/bin:/usr/bin
umask 077
notes=/run/gantry-shares

# A path as /proc/mounts writes it (blanks as \040), plain.
plain() { printf '%b' "$(printf '%s' "$1" | sed 's/\\\([0-7][0-7][0-7]\)/\\0\1/g')"; }

unmount() {
  mounts=$(cat /proc/mounts)
  while read -r source place type options _; do
    [ "$type $source" = "9p $2" ] || continue
    umount "$(plain "$place")" || exit 1
    [ "$1" = drop ] || echo "$source $place $options" >> "$notes"
  done << END
$mounts
END
}

mount_again() {
  [ -s "$notes" ] || return 0
  mv "$notes" "$notes.now"
  while read -r source place options; do
    mount -t 9p -o "$options" "$source" "$(plain "$place")" ||
      echo "$source $place $options" >> "$notes"
  done < "$notes.now"
  rm "$notes.now"
}

case $1 in
  drop | release) unmount "$1" "$2" ;;
  return) mount_again ;;
esac
