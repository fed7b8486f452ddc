# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# What every script here shares: messages, the cache folder, becoming root.
# Sourced, never run. A message is one line: who says it, what, why, what to do.

# The root of the checkout, whatever folder the caller stood in.
# shellcheck disable=SC2034 # used by those who source this
TL_TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

# say WORD...: one line of news on standard error.
say() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
}

# die [-s STATUS] WORD...: one line that says what is wrong, then out.
die() {
	local status=1
	if [ "${1-}" = -s ]; then
		status=$2
		shift 2
	fi
	say "$*"
	exit "$status"
}

# cache_dir: prints the folder for what is too costly to make twice. It is kept
# outside of build/, so that `make clean` and a second clone leave it alone.
cache_dir() {
	printf '%s\n' "${TRAPLINE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/trapline}"
}

# as_root COMMAND...: runs it as root, through sudo where the user is not.
as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		die "'$1' needs root, and sudo is not installed: run as root or install sudo"
	fi
}

# hash_base64 BITS FILE: prints the file's SHA-2 of so many bits in base64.
hash_base64() {
	printf '%b' "$("sha$1sum" "$2" | cut -d' ' -f1 | sed 's/../\\x&/g')" | base64 -w0
}
