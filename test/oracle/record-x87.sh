#!/bin/sh
# Records the x87 vectors of test/hardware on the processor at hand: record-x87.sh [COUNT]. Deterministic by seed, as record.sh.
set -eu
count=${1:-9000}
here=$(cd "$(dirname "$0")" && pwd)
vectors=$here/../hardware/vectors
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
gcc -O2 -fno-stack-protector -fcf-protection=none -fPIE -pie -Wall -o "$work/natstep" "$here/natstep.c"
for mode in 64 32; do
  "$work/natstep" -x87 -g $mode "$count" $mode > "$work/x87-$mode.txt"
  node "$here/pack.mjs" "$work/x87-$mode.txt" "$vectors/x87-$mode.txt.br"
done
