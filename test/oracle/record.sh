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
for mode in 64 32; do
  "$work/natstep" -g $mode "$count" $mode > "$work/integer-$mode.txt"
  "$work/natstep" -seed $mode < "$here/directed-$mode.txt" >> "$work/integer-$mode.txt"
  node "$here/pack.mjs" "$work/integer-$mode.txt" "$vectors/integer-$mode.txt.br"
done
