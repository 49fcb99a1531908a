#!/bin/sh
# Installs what some tests start for themselves, servers and a browser: sh tests/servers.sh redis ...
#
# Only what is missing, only as root and with apt; nothing is started, and a service that
# runs on this machine is left alone. It never fails: tests that miss a server are skipped,
# and say so.
set -u

LIMIT_SEC=240

have() { # a program of that name, also where Debian keeps PostgreSQL's
    command -v "$1" >/dev/null 2>&1 || ls /usr/lib/postgresql/*/bin/"$1" >/dev/null 2>&1
}

missing=""
for name in "$@"; do
    case "$name" in
        redis) have redis-server || have valkey-server || missing="$missing redis-server" ;;
        postgres) have initdb || missing="$missing postgresql" ;;
        chromium) have chromium || have chromium-browser || missing="$missing chromium" ;;
        promtool) have promtool || missing="$missing prometheus" ;;
        *) echo "tests/servers.sh: redis, postgres, chromium or promtool, not $name" >&2 ;;
    esac
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "Not installed:$missing. Tests that need them are skipped." >&2
    exit 0
fi

# A package would start its service, on a port that somebody may use: not this time.
work=$(mktemp -d)
policy=/usr/sbin/policy-rc.d
ours=""
trap 'rm -rf "$work"; [ -z "$ours" ] || rm -f "$policy"' EXIT
trap 'exit 1' INT TERM
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy" && ours=yes
fi

echo "Installing$missing (for tests that start one; once)"
export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
install() {
    # shellcheck disable=SC2086 # one word for each package
    timeout "$LIMIT_SEC" apt-get install -y -qq --no-install-recommends \
        -o DPkg::Lock::Timeout=60 $missing >"$work/log" 2>&1
}
install || { timeout "$LIMIT_SEC" apt-get update -qq >/dev/null 2>&1 && install; } || {
    tail -3 "$work/log" >&2
    echo "Could not install$missing. Tests that need them are skipped." >&2
}
exit 0
