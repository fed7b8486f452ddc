# SPDX-License-Identifier: MIT
# shellcheck shell=dash
#
# The life of a VM: suspend to RAM and what wakes it, the power key, control from outside,
# and a reset that leaves nothing behind.

# linux COMMAND OPTION...: a Linux guest that runs the command.
linux() {
	command=$1
	shift
	guest "$TL_GUESTS/Image" --initrd "$TL_GUESTS/linux.cpio.gz" --append "quiet trapline.run=\"$command\"" "$@"
}

begin 'suspend to RAM: woken by the clock, and resumed where the guest said'
guest "$TL_GUESTS/suspend.bin" --cpus 2
status_is 0
if grep -q 'does not let' "$WORK/out"; then
	problem 'this kernel cannot'
else
	# PSCI's DENIED is -3, its INVALID_ADDRESS -9.
	output_is 'suspend: unaligned: 0xfffffffffffffff7
suspend: outside: 0xfffffffffffffff7
suspend: wraps: 0xfffffffffffffff7
suspend: not alone: 0xfffffffffffffffd
suspend: asleep
suspend: resumed
suspend: by the clock'
fi
[ ! -s "$WORK/err" ] || problem 'something was said'
end

begin 'suspend to RAM: woken by input on the console'
mkfifo "$WORK/keys"
trapline run "$TL_GUESTS/suspend.bin" --append console --timeout 50 <"$WORK/keys" >"$WORK/out" 2>"$WORK/err" &
pid=$!
exec 5>"$WORK/keys"
wait_for "$WORK/out" 'asleep'
echo x >&5
wait "$pid" || problem "its status is $?"
exec 5>&-
output_has '^suspend: resumed'
output_has '^suspend: by the console'
output_lacks 'by the clock'
end

# power OPTION...: guest/power in the background, up and waiting for its key.
power() {
	trapline run "$TL_GUESTS/power.bin" "$@" </dev/null >"$WORK/out" 2>"$WORK/err" &
	pid=$!
	wait_for "$WORK/out" 'waits for the key'
}

# ends STATUS: it does, with this status.
ends() {
	wait "$pid"
	status=$?
	status_is "$1"
}

begin 'SIGTERM presses the power key: the guest powers off, status 0'
power
kill -TERM "$pid"
ends 0
output_has '^power: pressed'
error_has "^trapline: warning: signal 15 .*: pressed the guest's power key; it has 60 s"
end

begin 'SIGTERM: a guest that stays has its time, then status 143'
power --append deaf --grace 2
kill -TERM "$pid"
ends 143
output_has '^power: pressed'
output_has '^power: released'
error_has '^trapline: warning: the guest did not power off within 2 s'
end

begin 'SIGTERM twice: at once, status 143'
power --append deaf --grace 1000
kill -TERM "$pid"
wait_for "$WORK/out" 'pressed'
kill -TERM "$pid"
ends 143
end

begin 'SIGTERM with --grace 0: at once, status 143'
power --grace 0
kill -TERM "$pid"
ends 143
output_lacks 'pressed'
error_lines 1
end
