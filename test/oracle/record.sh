#!/bin/sh
# Records the vectors of test/hardware on the processor at hand: record.sh [COUNT]. Deterministic by seed, so that the inputs
# come out the same everywhere; the results are the processor's.
set -eu
count=${1:-60000}
here=$(cd "$(dirname "$0")" && pwd)
vectors=$here/../hardware/vectors
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
gcc -O2 -fno-stack-protector -fcf-protection=none -fPIE -pie -Wall -o "$work/natstep" "$here/natstep.c"
mkdir -p "$vectors"
record() { # MODE COUNT SEED
  mode=$1
  "$work/natstep" -g "$1" "$2" "$3" > "$work/integer-$mode.txt"
  "$work/natstep" -seed "$3" < "$here/directed-$mode.txt" >> "$work/integer-$mode.txt"
  node "$here/pack.mjs" "$work/integer-$mode.txt" "$vectors/integer-$mode.txt.br"
}
record 64 "$count" 64
record 32 "$count" 32
record 16 $((count / 2)) 16
record 16w $((count / 2)) 17
for mode in 64 32 16; do
  "$work/natstep" -segments -g $mode 6000 $mode > "$work/segments-$mode.txt"
  node "$here/pack.mjs" "$work/segments-$mode.txt" "$vectors/segments-$mode.txt.br"
done
