# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# Shows how far a command is that prints a line for each of its steps: one line
# that is redrawn where standard error is a terminal, a line every tenth otherwise.
# Sourced, never run.

# duration SECONDS: prints it as people say it.
duration() {
	if [ "$1" -ge 60 ]; then
		printf '%d min %02d s' $(($1 / 60)) $(($1 % 60))
	else
		printf '%d s' "$1"
	fi
}

# progress_bar PERCENT: prints twenty characters.
progress_bar() {
	local full=$(($1 / 5)) bar
	printf -v bar '%*s' "$full" ''
	printf '%s%*s' "${bar// /#}" $((20 - full)) ''
}

# progress_lines EXPECTED BEFORE NAME: reads the steps from standard input, of which
# BEFORE were done by an earlier run. The estimate is from this run's own pace.
progress_lines() {
	local expected=$1 done=$2 name=$3 start=$EPOCHSECONDS shown=-1 tenth=0 first=$2
	local line percent elapsed left
	while IFS= read -r line; do
		[[ $line == '  '[A-Z]* ]] || continue
		done=$((done + 1))
		# It is not finished before its output ends, however many steps there were.
		percent=$((done * 100 / expected))
		[ "$percent" -lt 100 ] || percent=99
		elapsed=$((EPOCHSECONDS - start))
		left=
		if [ "$elapsed" -ge 5 ] && [ "$expected" -gt "$done" ]; then
			left="about $(duration $((elapsed * (expected - done) / (done - first)))) left"
		fi
		if [ -t 2 ]; then
			[ "$EPOCHSECONDS" -ne "$shown" ] || continue
			shown=$EPOCHSECONDS
			printf '\r%s: [%s] %2d%%, %s\033[K' "$name" "$(progress_bar "$percent")" "$percent" \
				"${left:-estimating}" >&2
		elif [ $((percent / 10)) -gt "$tenth" ]; then
			tenth=$((percent / 10))
			printf '%s: %2d%% in %s%s\n' "$name" "$percent" "$(duration "$elapsed")" "${left:+, $left}" >&2
		fi
	done
	[ ! -t 2 ] || printf '\r\033[K' >&2
}
