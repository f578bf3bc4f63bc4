#!/bin/sh
# Records the vectors of test/float on the processor at hand: record-float.sh [COUNT]. Deterministic by seed.
set -eu
count=${1:-1000}
here=$(cd "$(dirname "$0")" && pwd)
vectors=$here/../float/vectors
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
gcc -O2 -Wall -o "$work/float80" "$here/float80.c"
mkdir -p "$vectors"
"$work/float80" "$count" 80 > "$work/float80.txt"
node "$here/pack.mjs" "$work/float80.txt" "$vectors/float80.txt.br"
