# SPDX-License-Identifier: MIT
# shellcheck shell=dash
#
# What the checks on the board are written with. A check is a test between
# `begin` and `end`; everything between must hold, and what does not is printed
# as a TAP diagnostic with the output of the program under test:
#
#     begin 'hello prints its line'
#     run trapline run "$TL_GUESTS/hello.bin"
#     status_is 0
#     output_is 'Hello, world!'
#     end
#
# Sourced by tests/board/run. Runs in busybox sh (emulated board) and in any
# POSIX shell with the usual tools (native board).

TEST_NUMBER=0
TEST_FAILED=0
# No check needs longer, even on a slow emulated board; a hang must not stop the rest.
TEST_LIMIT=60

begin() {
	test_name=$1
	test_problems=
	status=
	: >"$WORK/out"
	: >"$WORK/err"
}

# problem TEXT: the check does not hold.
problem() {
	test_problems="$test_problems#   $1
"
}

end() {
	TEST_NUMBER=$((TEST_NUMBER + 1))
	if [ -z "$test_problems" ]; then
		echo "ok $TEST_NUMBER - $test_name"
		return
	fi
	TEST_FAILED=$((TEST_FAILED + 1))
	echo "not ok $TEST_NUMBER - $test_name"
	printf '%s' "$test_problems"
	for stream in out err; do
		[ ! -s "$WORK/$stream" ] || tail -n 15 "$WORK/$stream" | tr -d '\r' | sed "s/^/#   $stream| /"
	done
}

# skip NAME WHY: counts as passed, says why it could not be tried.
skip() {
	TEST_NUMBER=$((TEST_NUMBER + 1))
	echo "ok $TEST_NUMBER - $1 # SKIP $2"
}

# run PROGRAM...: runs it with a limit; output in $WORK/out and $WORK/err, $status.
# Standard input is what the caller redirects, else nothing.
run() {
	timeout -s KILL "$TEST_LIMIT" "$@" >"$WORK/out" 2>"$WORK/err"
	status=$?
	[ "$status" -ne 137 ] || problem "did not end within $TEST_LIMIT s: $*"
}

# boots_twice KERNEL OPTION...: a Linux guest that says "up" and reboots says so a second time.
boots_twice() {
	timeout -s KILL 110 trapline run "$@" --timeout 100 </dev/null >"$WORK/out" 2>"$WORK/err" &
	pid=$!
	tries=900
	until [ "$(count "$WORK/out" '^up')" -ge 2 ] || [ "$tries" -eq 0 ]; do
		tries=$((tries - 1))
		sleep 0.1
	done
	[ "$tries" -gt 0 ] || problem 'did not come up a second time within 90 s'
	kill -HUP "$pid" 2>/dev/null
	wait "$pid"
}

# guest ARGUMENT...: trapline run, with nothing to read.
guest() {
	run trapline run "$@" </dev/null
}

# status_in STATUS...: the exit status is one of these.
status_in() {
	case " $* " in
	*" $status "*) ;;
	*) problem "exit status is $status, not one of $*" ;;
	esac
}

status_is() {
	[ "$status" = "$1" ] || problem "exit status is $status, not $1"
}

# output_is TEXT: standard output is exactly this, but for the last newline.
output_is() {
	[ "$(tr -d '\r' <"$WORK/out")" = "$1" ] || problem "standard output is not '$1'"
}

# output_has PATTERN, error_has PATTERN, file_has FILE PATTERN: extended regular
# expressions, one line.
output_has() {
	grep -Eq -e "$1" "$WORK/out" || problem "standard output has no '$1'"
}

output_lacks() {
	! grep -Eq -e "$1" "$WORK/out" || problem "standard output has '$1'"
}

error_has() {
	grep -Eq -e "$1" "$WORK/err" || problem "standard error has no '$1'"
}

file_has() {
	grep -Eq -e "$2" "$1" || problem "${1##*/} has no '$2'"
}

error_lacks() {
	! grep -Eq -e "$1" "$WORK/err" || problem "standard error has '$1'"
}

# count FILE PATTERN: how many lines match.
count() {
	grep -Ec -e "$2" "$1" || :
}

# error_lines N: a message is one line.
error_lines() {
	lines=$(wc -l <"$WORK/err")
	[ "$lines" -eq "$1" ] || problem "standard error has $lines lines, not $1"
}

# refused STATUS PATTERN: one line that says so, nothing on standard output.
refused() {
	status_is "$1"
	error_lines 1
	error_has "$2"
	[ ! -s "$WORK/out" ] || problem 'something was printed on standard output'
}

# equal NAME ACTUAL EXPECTED
equal() {
	[ "$2" = "$3" ] || problem "$1 is '$2', not '$3'"
}

# json_object FILE KEY: the content of an object that holds no other object.
json_object() {
	tr -d ' \n' <"$1" | sed -n "s/.*\"$2\":{\\([^}]*\\)}.*/\\1/p"
}

# number TEXT KEY: a number out of what json_object printed.
number() {
	printf '%s\n' "$1" | sed -n "s/.*\"$2\":\\(-\\{0,1\\}[0-9]*\\).*/\\1/p"
}

# total FILE KEY: a number out of the totals of a profile.
total() {
	number "$(json_object "$1" totals)" "$2"
}

# wait_for FILE PATTERN: until the file has it; at most 20 s.
wait_for() {
	tries=400
	until grep -Eq -e "$2" "$1" 2>/dev/null; do
		tries=$((tries - 1))
		if [ "$tries" -eq 0 ]; then
			problem "no '$2' within 40 s"
			return 1
		fi
		sleep 0.1
	done
}

# spin OPTION...: guest/spin in the background, as $!, and it has said so; its output is in $WORK/spin.
spin() {
	# What an earlier one printed must not be taken for this one's, whose shell may come late.
	: >"$WORK/spin"
	trapline run "$TL_GUESTS/spin.elf" "$@" </dev/null >"$WORK/spin" 2>&1 &
	wait_for "$WORK/spin" 'for ever'
}

# need_default_route: passt takes its addresses from the interface that has it. Makes both, as
# tltest1, where there is none.
need_default_route() {
	! ip route | grep -q '^default' || return 0
	tunctl -t tltest1 >/dev/null
	ifconfig tltest1 198.51.100.1 netmask 255.255.255.0 up
	route add default gw 198.51.100.254 tltest1
}

# kill_when_up SIGNAL PATTERN: in the background, sends the signal to the VMM that
# was started last, once its output has the pattern. The VMM itself must run in
# the foreground: shells start background programs with SIGINT ignored.
kill_when_up() {
	# What the test before printed must not be taken for this one's.
	: >"$WORK/out"
	(
		tries=400
		until grep -Eq -e "$2" "$WORK/out" || [ "$tries" -eq 0 ]; do
			tries=$((tries - 1))
			sleep 0.1
		done
		for process in /proc/[0-9]*; do
			[ "$(cat "$process/comm" 2>/dev/null)" != trapline ] || kill -"$1" "${process#/proc/}"
		done
	) &
}

# bytes OCTAL...: writes bytes, given as printf takes them: bytes 101 0 377.
bytes() {
	for byte; do
		# shellcheck disable=SC2059 # the format is the byte
		printf "\\$(printf '%03o' "0$byte")"
	done
}
