#!/bin/sh
# Records the x87 vectors of test/hardware on the processor at hand: record-x87.sh [COUNT]. Deterministic by seed, as record.sh.
set -eu
count=${1:-7600}
here=$(cd "$(dirname "$0")" && pwd)
vectors=$here/../hardware/vectors
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
gcc -O2 -fno-stack-protector -fcf-protection=none -fPIE -pie -Wall -o "$work/natstep" "$here/natstep.c"
record() { # MODE COUNT SEED
  "$work/natstep" -x87 -g "$1" "$2" "$3" > "$work/x87-$1.txt"
  node "$here/pack.mjs" "$work/x87-$1.txt" "$vectors/x87-$1.txt.br"
}
record 64 "$count" 64
record 32 "$count" 32
record 16 $((count / 4)) 16
record 16w $((count / 4)) 17
