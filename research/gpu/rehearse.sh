#!/bin/sh
# Rehearse everything on this machine's processor: pack, move only what travels, no network, unpack,
# draw, train both models for 20 seconds, validate, bring home, go on from what came home, train a
# teacher, and train the recognizer that learns from it.
#   SPOTTER_DATA=... PYTHON=python research/gpu/rehearse.sh [FOLDER]
# FOLDER (default /tmp/rehearsal) is emptied. BUNDLE names a bundle that is packed already.
# Packages come from PYTHON's own installation: the bundle's wheels are for the other machine's.
set -eu
python=${PYTHON:-python3}
place=${1:-/tmp/rehearsal}
seconds=${SECONDS_EACH:-20}
bundle=${BUNDLE:-$PWD/.bundle}
[ -d "$bundle" ] || $python -m research.gpu.pack --data "$SPOTTER_DATA" --out "$bundle"
rm -rf "$place"
mkdir -p "$place/checkout/.bundle"
git archive HEAD | tar x -C "$place/checkout"
cp -r "$bundle"/part* "$place/checkout/.bundle/"
cd "$place/checkout"
cat > "$place/inside.sh" <<INSIDE
set -eu
$python -c "import socket; socket.create_connection(('1.1.1.1', 80), 3)" 2>/dev/null && exit 9
$python research/gpu/unpack.py .bundle/part* --home "$place/home" --no-wheels --draw 20 --scale 0.003
. "$place/home/env.sh"
$python -c "import spotter; print('package of', spotter.__file__)"
$python -m research.gpu.feed --cache "$place/home/cache" --limit 60 --seconds 3
# Nothing ends a command after ten minutes here, and the machine may be busy.
train="$python -m research.gpu.train --seconds $seconds --deadline 7200"
train="\$train --workers 1 --limit 60 --batch-size 8 --patience 45"
\$train --out "$place/out" --home "$place/home"
$python -m research.gpu.results --join "$place/out" "$place/home/state"
rm -rf "$place/home/run"
\$train --out "$place/out2" --home "$place/home" --configs recognizer_shipped
rm -rf "$place/home/run"
\$train --out "$place/out3" --home "$place/home" --configs recognizer_teacher
$python -m research.gpu.results --join "$place/out3" "$place/home/state"
rm -rf "$place/home/run"
\$train --out "$place/out4" --home "$place/home" --configs recognizer_distilled
INSIDE
env -u SPOTTER_DATA -u PYTHONPATH unshare -rn sh "$place/inside.sh"
ls -l "$place/out" "$place/out2" "$place/out3" "$place/out4"
