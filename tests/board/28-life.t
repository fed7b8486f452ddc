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
