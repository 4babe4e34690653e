#!/bin/sh
# Makes ready what `make demo` and `make test` need: packages, programs, and the root directories of other peers.
# Silent when all of it is there. Without a mirror the lab goes on with the reference alone, and says so.
# IKELAB_PEERS=required makes that an error (.ci/run: a run that has lost its peers must not be green).
set -eu
cd "$(dirname "$0")/.."
BUILD="${BUILD:-build}"

ci/install.sh

mkdir -p "$BUILD"
if ! make -q programs BUILD="$BUILD" >/dev/null 2>&1; then
    echo "building the reference and the lab's programs (about 10 s; log: $BUILD/build.log)"
    if ! make all BUILD="$BUILD" >"$BUILD/build.log" 2>&1; then
        tail -n 20 "$BUILD/build.log" >&2
        echo "ci/setup.sh: the build failed: its last words are above, all of them in $BUILD/build.log" >&2
        exit 1
    fi
fi

# Those that are played with by default; others are built by name.
missing=$(IKELAB_BUILD="$BUILD" PYTHONPATH=harness "${PYTHON:-/usr/bin/python3}" -c '
from ikelab.peers import table
print(*(kind.name for kind in table.TABLE if getattr(kind, "by_default", True) and kind.suite and kind.available()))')
[ -n "$missing" ] || exit 0
echo "unpacking from Debian's archive into $BUILD/peers: $missing"
echo "this once, a minute or two, some 200 MB each"
if ! "$BUILD/ikelab" peers build $missing; then
    if [ "${IKELAB_PEERS:-optional}" = required ]; then
        echo "ci/setup.sh: a peer could not be unpacked, for the reason above; IKELAB_PEERS=optional goes on without" >&2
        exit 1
    fi
    echo "going on with the reference alone: the other peers could not be unpacked, for the reason above"
fi
