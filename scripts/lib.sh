# SPDX-License-Identifier: GPL-2.0
# Sourced by the other scripts: where things are, and how to talk to the user.
# shellcheck shell=sh
#
# Results go to standard output, everything a person reads while waiting to
# standard error.

set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
cache=${GOALLOC_CACHE:-${HOME:?set HOME or GOALLOC_CACHE}/.cache/goalloc}
# shellcheck disable=SC2034 # used by the scripts that source this
logs=$top/build/logs
# shellcheck disable=SC2034
jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
mkdir -p "$cache" "$logs"
unset MAKEFLAGS MFLAGS MAKELEVEL	# of the make that called: ours are not its jobs

# GOALLOC_ARCH: what kernels and modules are built for and QEMU is (x86, or arm64).
# Debian's stock kernels are x86_64's only.
unset ARCH CROSS_COMPILE
case ${GOALLOC_ARCH:=x86} in
x86) ;;
arm64) export ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu- ;;
*) printf 'goalloc: GOALLOC_ARCH is x86 or arm64, not %s\n' "$GOALLOC_ARCH" >&2; exit 1 ;;
esac

step() { printf '==> %s\n' "$*" >&2; }
note() { printf '    %s\n' "$*" >&2; }
die()  { printf 'goalloc: %s\n' "$*" >&2; exit 1; }

# quietly LOG COMMAND...: run it with its output in LOG, dots while it runs, and
# the end of the log if it fails.
quietly()
{
	quiet_log=$1
	shift
	( while sleep 10 3>&-; do printf . >&3; done ) 3>&2 </dev/null >/dev/null 2>&1 9>&- &
	quiet_dots=$!
	quiet_start=$(date +%s)
	quiet_status=0
	"$@" >"$quiet_log" 2>&1 || quiet_status=$?
	kill "$quiet_dots" 2>/dev/null || :
	[ $(($(date +%s) - quiet_start)) -lt 10 ] || echo >&2
	[ "$quiet_status" -eq 0 ] && return 0
	tail -n 25 "$quiet_log" >&2
	note "(the whole log: $quiet_log)"
	return "$quiet_status"
}

# judge NAME: what came of a guest, by its logs.  0: its command succeeded; 1: it failed;
# 2: the kernel complained; 3: it died or hung before the verdict.
judge()
{
	verdict=$(sed -n 's/^goalloc-verdict: //p' "$logs/$1.out")
	if [ -z "$verdict" ]; then
		note "$1: the guest ended without a verdict"
		awk -f "$top/scripts/splats.awk" "$logs/$1.console" | head -n 5 >&2
		note "the end of its console ($logs/$1.console):"
		tail -n 15 "$logs/$1.console" >&2
		return 3
	fi
	if ! awk -f "$top/scripts/splats.awk" "$logs/$1.console" >&2; then
		note "$1: the kernel complained, see $logs/$1.console"
		return 2
	fi
	[ "$verdict" -eq 0 ]
}

# one_at_a_time NAME: wait until no other goalloc script holds NAME.  Held until
# this script ends.
one_at_a_time()
{
	exec 9>"$cache/.lock-$1"
	flock 9
}
