# SPDX-License-Identifier: MIT
# shellcheck shell=dash
#
# Pages in a headless Chromium, for the checks of this folder. Sourced by them.

# page_checks NAME SCRIPT FILE...: the checks of tests/views/SCRIPT.mjs, one of ours each, and
# that every one of them had its turn.
page_checks() {
	name=$1 script=$TL_TOP/tests/views/$2.mjs
	shift 2
	timeout 300 node "$script" "$@" >"$WORK/checks" 2>"$WORK/node.err" || :
	while read -r line; do
		begin "$name: ${line#*ok - }"
		[ "${line#not }" = "$line" ] || problem "$line"
		end
	done <"$WORK/checks"

	begin "$name: every check had its turn"
	cp "$WORK/node.err" "$WORK/err"
	equal 'checks' "$(wc -l <"$WORK/checks")" "$(grep -c '^await check(' "$script")"
	end
}
