#!/bin/sh
# Runs one guest image under QEMU and prints what it writes to COM1:   run.sh IMAGE [COMMAND-LINE]
# QEMU does not end at CLI; HLT, so it is stopped once the serial output has been still for STILL seconds (default 3).
# Environment: QEMU_OPTIONS (more options), STILL, LIMIT (seconds in all, default 120).
here=$(dirname "$0")
image=$1
append=${2-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# A disk is booted by QEMU's firmware; what the guest writes to it goes to a copy.
case $image in *.img)
  cp "$image" "$work/disk"
  set -- -drive "file=$work/disk,format=raw"
  append='' ;;
*)
class=$(od -An -tu1 -j4 -N1 "$image" | tr -d ' ')
if [ "$class" = 2 ]; then
  gcc -m32 -O1 -ffreestanding -fno-stack-protector -fno-pic -fno-pie -no-pie -mgeneral-regs-only -fno-asynchronous-unwind-tables \
    -fcf-protection=none -nostdlib -static -Wl,--build-id=none -Wl,--no-warn-rwx-segments -T "$here/loader.ld" \
    -o "$work/loader" "$here/start.S" "$here/loader.c" || exit 125
  set -- -kernel "$work/loader" -initrd "$image"
else
  set -- -kernel "$image"
fi
set -- "$@" -append "$append" ;;
esac
qemu-system-x86_64 -m 128 -display none -no-reboot -serial "file:$work/out" -device isa-debug-exit,iobase=0xf4,iosize=4 \
  "$@" ${QEMU_OPTIONS-} 2>"$work/err" &
qemu=$!
still=0 size=-1 seconds=0
while kill -0 $qemu 2>/dev/null && [ $still -lt "${STILL:-3}" ] && [ $seconds -lt "${LIMIT:-120}" ]; do
  sleep 1
  seconds=$((seconds + 1))
  now=$(stat -c %s "$work/out" 2>/dev/null || echo 0)
  if [ "$now" = "$size" ] && tail -c 200 "$work/out" | grep -Eq "${LAST:-done|ok$|checksum|counter|failed}"
  then still=$((still + 1)); else still=0; fi
  size=$now
done
status=0
if kill $qemu 2>/dev/null; then status=0; else wait $qemu; status=$?; fi
cat "$work/out"
cat "$work/err" >&2
echo "status $status" >&2
