# SPDX-License-Identifier: MIT
# shellcheck shell=dash
# shellcheck disable=SC2154 # WORK is the runner's
#
# System calls that fail: every one that a command makes, each in a run of its own, with
# ENOMEM, EIO, ENOSPC and EINTR, and reads and writes that do less than they were asked for
# (tests/tools/inject.c). The command goes on, or it ends with a documented status and a word.
# TL_FAULTS_STEP=1: all of them (make faults), instead of one in many.

# faults NAME OPTION... PROGRAM...: TL_FAULTS_STEP times as many runs as here have no limit.
faults() {
	begin "faults: $1"
	shift
	TEST_LIMIT=$((TL_FAULTS_STEP == 1 ? 3000 : 240)) run "$TL_TESTS/inject" -s "$TL_FAULTS_STEP" "$@"
	echo "# $(tail -n 1 "$WORK/out")"
	status_is 0
	end
}

TL_FAULTS_STEP=${TL_FAULTS_STEP:-29}
faults run -m 3 trapline run "$TL_GUESTS/hello.bin"
faults 'run --record' -m 1 -o 3 -b "rm -rf $WORK/recording" \
	trapline run "$TL_GUESTS/hello.bin" --record "$WORK/recording"
faults 'run --profile' -m 1 -o 5 trapline run "$TL_GUESTS/hello.bin" --profile="$WORK/profile.json"

rm -rf "$WORK/recording"
trapline run "$TL_GUESTS/exitbench.bin" --append n=100 --record "$WORK/recording" >"$WORK/out" 2>&1 </dev/null
faults report -m 3 -o 1 trapline report "$WORK/recording"
faults record -m 1 -o 7 -b "rm -rf $WORK/second" \
	trapline record -o "$WORK/second" -- trapline run "$TL_GUESTS/hello.bin"
rm -rf "$WORK/recording" "$WORK/second"
