# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# What every benchmark here shares. A benchmark runs on the deterministic board,
# adds its figures one by one, and writes results/NAME.json and results/NAME.md.
# Sourced, never run. Calls scripts/lib/common.sh.

# shellcheck source=scripts/lib/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/../scripts/lib/common.sh"

BENCH_NAME='' BENCH_TITLE='' BENCH_WORK='' BENCH_BOARD=''
# Where both files go, without their .json and .md, and whether figures that have a peer get a bar.
BENCH_RESULT='' BENCH_BARS=true

# bench_begin NAME TITLE: the benchmark that `make bench-NAME` runs. Its figures,
# and what came from the board, are in $BENCH_WORK, which is emptied unless BENCH_KEEP=1.
bench_begin() {
	BENCH_NAME=$1 BENCH_TITLE=$2
	BENCH_WORK=$TL_TOP/build/bench/$1 BENCH_RESULT=$TL_TOP/results/$1
	[ "${BENCH_KEEP-0}" = 1 ] || rm -rf "$BENCH_WORK"
	mkdir -p "$BENCH_WORK" "$TL_TOP/results"
	: >"$BENCH_WORK/figures"
	: >"$BENCH_WORK/notes"
}

# bench_board SCRIPT [OPTION...]: runs a script of this folder on the deterministic
# board; its results are in $BENCH_WORK/out. A benchmark is defined on that board,
# wherever it runs. $BENCH_WORDS are the script's $1 and so on; $BENCH_TIMEOUT is in seconds.
bench_board() {
	local script=$1
	shift
	BENCH_BOARD="cortex-a57, 2 CPUs, 1 instruction = 2 ns (scripts/board --deterministic $*)"
	BOARD=qemu "$TL_TOP/scripts/board" --deterministic --timeout "${BENCH_TIMEOUT:-900}" --out "$BENCH_WORK/out" "$@" \
		"${BENCH_WORDS:+set -- $BENCH_WORDS; }$(cat "$TL_TOP/bench/$script")" >"$BENCH_WORK/${script##*/}.log" 2>&1 </dev/null ||
		{ tail -n 20 "$BENCH_WORK/$script.log" >&2; die "bench/$script failed on the board: see build/bench/$BENCH_NAME/"; }
}

# figure NAME UNIT VALUE lower|higher GOAL|null [PEER VALUE]...
figure() {
	local name=$1 unit=$2 value=$3 better=$4 goal=$5 peers='{}'
	shift 5
	[[ $value =~ ^-?[0-9.]+$ ]] || die "figure '$name' has no value: '$value'"
	while [ $# -ge 2 ]; do
		[[ $2 =~ ^-?[0-9.]+$ ]] || die "figure '$name' has no value for $1: '$2'"
		peers=$(jq -c --arg k "$1" --argjson v "$2" '. + {($k): $v}' <<<"$peers")
		shift 2
	done
	jq -cn --arg name "$name" --arg unit "$unit" --argjson value "$value" --arg better "$better" \
		--argjson goal "$goal" --argjson peers "$peers" \
		'{name: $name, unit: $unit, value: $value, better: $better, goal: $goal, peers: $peers}' \
		>>"$BENCH_WORK/figures"
}

# bench_timed PROGRAM...: CPU seconds and KiB of memory, of the best of three. What it prints
# goes to $BENCH_TIMED_OUT, if that is set.
bench_timed() {
	local best='' cpu memory
	for _ in 1 2 3; do
		/usr/bin/time -o "$BENCH_WORK/time" -f '%U %S %M' "$@" >"${BENCH_TIMED_OUT:-/dev/null}" 2>"$BENCH_WORK/time.err" ||
			die "$* failed: $(tail -n 1 "$BENCH_WORK/time.err")"
		read -r cpu memory < <(awk '{ print $1 + $2, $3 }' "$BENCH_WORK/time")
		[ -n "$best" ] && awk "BEGIN { exit !($cpu >= ${best% *}) }" || best="$cpu $memory"
	done
	printf '%s\n' "$best"
}

# note TEXT: a paragraph below the tables.
note() {
	printf '%s\n\n' "$*" >>"$BENCH_WORK/notes"
}

# bench_end: writes both files.
bench_end() {
	local json=$BENCH_RESULT.json commit
	commit=$(git -C "$TL_TOP" describe --always --dirty --abbrev=12 2>/dev/null || echo unknown)
	jq -s --arg bench "$BENCH_NAME" --arg command "${BENCH_COMMAND:-make bench-$BENCH_NAME}" --arg commit "$commit" --arg board "$BENCH_BOARD" \
		--arg kernel "$(cat "$TL_TOP/build/kernel/version" 2>/dev/null || echo unknown)" '
		{bench: $bench, command: $command, commit: $commit, board: $board,
		 kernel: $kernel, figures: .}' "$BENCH_WORK/figures" >"$json.tmp"
	mv "$json.tmp" "$json"
	jq -r --arg title "$BENCH_TITLE" --argjson bars "$BENCH_BARS" --rawfile notes "$BENCH_WORK/notes" -L "$TL_TOP/bench" \
		-f "$TL_TOP/bench/report.jq" "$json" >"$BENCH_RESULT.md.tmp"
	mv "$BENCH_RESULT.md.tmp" "$BENCH_RESULT.md"
	say "wrote ${json#"$TL_TOP/"} and ${BENCH_RESULT#"$TL_TOP/"}.md"
}
