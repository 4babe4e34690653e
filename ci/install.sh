#!/bin/sh
# Installs what ikelab needs from Debian: quick and silent when all of it is there, and safe to repeat.
# Exit codes: 0 all there, 2 usage, 3 this machine cannot be helped, with the reason in one sentence.
set -eu

# To build the reference: headers and a compiler. (valgrind: the headers for ikebench, and to count with.)
BUILD="build-essential clang clang-format libssl-dev libpcap-dev libmnl-dev libjansson-dev libconfuse-dev
libseccomp-dev libcmocka-dev valgrind"
# To run the lab: namespaces, NAT, a second opinion on captures, streams to measure, roots of other peers.
RUN="iproute2 nftables strace iperf3 iputils-ping util-linux mount tshark mmdebstrap debian-archive-keyring"
# The harness.
PYTHON="python3 python3-pytest python3-pytest-xdist python3-scapy python3-cryptography python3-openssl python3-jsonschema
python3-jinja2 python3-rich python3-click python3-junitparser python3-numpy"
# Only for `make coverage`, which asks for it with --coverage.
COVERAGE="gcovr"
# Only for `make mutation`, which asks for it with --mutation.
MUTATION="python3-clang binutils"
# Only for `make fuzz-afl`, which asks for it with --afl.
AFL="afl++"
# Only for `make bench`, which asks for them with --bench: whom the reference is measured beside, and what samples profiles.
BENCH="openvpn wireguard-go linux-perf"

fail() {
    echo "ci/install.sh: $1" >&2
    exit 3
}

MORE=""
case "${1:-}" in
'') ;;
--coverage) MORE=$COVERAGE ;;
--mutation) MORE=$MUTATION ;;
--afl) MORE=$AFL ;;
--bench) MORE=$BENCH ;;
--list)
    echo $BUILD $RUN $PYTHON
    exit 0
    ;;
-h | --help)
    echo "usage: ci/install.sh [--list | --coverage | --mutation | --afl | --bench]   installs (or lists) the Debian packages ikelab needs"
    exit 0
    ;;
*)
    echo "usage: ci/install.sh [--list | --coverage | --mutation | --afl | --bench]" >&2
    exit 2
    ;;
esac

command -v dpkg-query >/dev/null || fail "this is no Debian: install the like of these yourself: $(echo $BUILD $RUN $PYTHON)"

missing=""
for package in $BUILD $RUN $PYTHON $MORE; do
    state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$state" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

command -v apt-get >/dev/null || fail "apt-get is missing; install:$missing"
[ "$(id -u)" = 0 ] || fail "installing needs root: run \`sudo ci/install.sh\` for:$missing"

export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "ci/install.sh: installing$missing"
# The package lists of a fresh machine are empty or old; without them nothing can be found.
if ! apt-get update -q >"$log" 2>&1; then
    tail -n 5 "$log" >&2
    fail "apt-get update failed: check the network and /etc/apt, then run this again"
fi
if ! apt-get install -q -y --no-install-recommends $missing >"$log" 2>&1; then
    tail -n 5 "$log" >&2
    fail "apt-get install failed (its last words are above): this needs Debian 12 or newer and its main archive"
fi
echo "ci/install.sh: all there"
