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
	equal 'its exit status' "$?" "$1"
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

# robust: signal.term
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

begin 'reset: nothing is left in any device'
truncate -s 1M "$WORK/disk"
guest "$TL_GUESTS/reset.bin" --disk "$WORK/disk" --append disk
status_is 0
output_is 'reset: first start
reset: second start'
error_lines 0
end

# Linux has these only if it is built for them.
linux 'test -e /sys/power/state && echo sleeps; test -e /dev/input/event0 && echo listens; test -e /sys/class/rtc/rtc0/wakealarm && echo rings' --timeout 50
can=$(tr -d '\r' <"$WORK/out" | tr '\n' ' ')

# asleep: until the VM behind $WORK/ctl is.
asleep() {
	tries=600
	until trapline ctl "$WORK/ctl" status 2>/dev/null | grep -q '^state  *suspended' || [ "$tries" -eq 0 ]; do
		tries=$((tries - 1))
		sleep 0.2
	done
	[ "$tries" -gt 0 ] || problem 'did not fall asleep within 120 s'
}

case $can in
*sleeps*rings*)
	begin 'suspend to RAM: Linux, by the alarm of its clock'
	linux 'echo +3 >/sys/class/rtc/rtc0/wakealarm; echo mem >/sys/power/state && echo awake; nproc' --cpus 2 --timeout 50
	status_is 0
	output_has '^awake'
	output_has '^2'
	end
	;;
*) skip 'suspend to RAM: Linux, by the alarm of its clock' 'this guest kernel cannot set one' ;;
esac

case $can in
*sleeps*)
	begin 'suspend to RAM: Linux, by input on the console'
	rm -f "$WORK/keys"
	mkfifo "$WORK/keys"
	trapline run "$TL_GUESTS/Image" --initrd "$TL_GUESTS/linux.cpio.gz" --cpus 2 --ctl "$WORK/ctl" --timeout 300 \
		--append 'quiet trapline.run="echo enabled >/sys/class/tty/ttyAMA0/power/wakeup; echo mem >/sys/power/state && echo awake; nproc; head -n 1"' \
		<"$WORK/keys" >"$WORK/out" 2>"$WORK/err" &
	pid=$!
	exec 5>"$WORK/keys"
	asleep
	output_lacks '^awake'
	echo word >&5
	ends 0
	exec 5>&-
	output_has '^awake'
	output_has '^2'
	output_has '^word'
	end
	;;
*) skip 'suspend to RAM: Linux, by input on the console' 'this guest kernel cannot' ;;
esac

case $can in
*sleeps*listens*)
	begin 'SIGTERM: Linux hears its power key, also when it is asleep'
	trapline run "$TL_GUESTS/Image" --initrd "$TL_GUESTS/linux.cpio.gz" --ctl "$WORK/ctl" --timeout 300 \
		--append 'quiet trapline.run="exec 3</dev/input/event0; echo mem >/sys/power/state && echo awake; head -c 24 <&3 | od -An -tx1"' \
		</dev/null >"$WORK/out" 2>"$WORK/err" &
	pid=$!
	asleep
	kill -TERM "$pid"
	ends 0
	output_has '^awake'
	# EV_KEY, KEY_POWER
	output_has '01 00 74 00 0[01] 00 00 00'
	end
	;;
*) skip 'SIGTERM: Linux hears its power key, also when it is asleep' 'this guest kernel does not listen' ;;
esac

# ctl ARGUMENT...: of the VM behind $WORK/ctl.
ctl() {
	run trapline ctl "$WORK/ctl" "$@" </dev/null
}

begin 'ctl: status, pause, resume, power key'
power --ctl "$WORK/ctl"
cp "$WORK/out" "$WORK/guest"
equal 'its mode' "$(stat -c %a "$WORK/ctl")" 600
ctl status
status_is 0
output_has '^state    running$'
output_has '^vCPU 0 .* thread [0-9]+, [0-9]+ exits'
output_has '^device   pl061 '
ctl pause
status_is 0
ctl status
output_has '^state    paused$'
ctl resume
status_is 0
run trapline ctl --json "$WORK/ctl" status </dev/null
output_has '^\{"ok":true,"state":"running",.*\}$'
ctl power
status_is 0
ends 0
[ ! -e "$WORK/ctl" ] || problem 'the socket is still there'
end

begin 'ctl: a guest without a power key, a profile, quit'
spin --ctl "$WORK/ctl,profile"
pid=$!
ctl power
status_is 1
error_has 'the VM says: the guest does not listen to its power key'
ctl profile 2
status_is 0
output_has '^Trap profile of process [0-9]+: 1 vCPU'
output_has 'every exit is in this profile|not seen on this host'
ctl pause
kill -TERM "$pid"
ends 143
end

begin 'ctl: reset brings the guest up again'
spin --ctl "$WORK/ctl"
pid=$!
ctl reset
status_is 0
tries=200
# A reset may cut the end of the line off.
until [ "$(grep -o 'for ever' "$WORK/spin" | wc -l)" -ge 2 ] || [ "$tries" -eq 0 ]; do
	tries=$((tries - 1))
	sleep 0.1
done
[ "$tries" -gt 0 ] || problem "did not come up again within 20 s: $(tr '\r\n' '  ' <"$WORK/spin")"
guest "$TL_GUESTS/hello.bin" --ctl "$WORK/ctl"
refused 3 "^trapline: --ctl '$WORK/ctl': is in use by another program\$"
ctl quit
status_is 0
ends 0
end

# robust: socket.stale
begin 'ctl: a socket left behind is replaced, anything else is not'
spin --ctl "$WORK/ctl"
pid=$!
kill -KILL "$pid"
wait "$pid" 2>/dev/null
# The kernel closes its socket a little later.
tries=50
until trapline ctl "$WORK/ctl" status 2>&1 | grep -q 'Connection refused' || [ "$tries" -eq 0 ]; do
	tries=$((tries - 1))
	sleep 0.1
done
ctl status
refused 4 "^trapline: cannot reach a VM at '$WORK/ctl': Connection refused\$"
guest "$TL_GUESTS/hello.bin" --ctl "$WORK/ctl"
status_is 0
: >"$WORK/file"
guest "$TL_GUESTS/hello.bin" --ctl "$WORK/file"
refused 3 "^trapline: --ctl '$WORK/file': is there already, and is no socket\$"
ln -s "$WORK/file" "$WORK/link"
guest "$TL_GUESTS/hello.bin" --ctl "$WORK/link"
refused 3 'is there already, and is no socket'
guest "$TL_GUESTS/hello.bin" --ctl /nonexistent/ctl
refused 3 "^trapline: --ctl '/nonexistent/ctl': No such file or directory\$"
end

begin 'ctl: wrong usage'
run trapline ctl </dev/null
refused 2 '^trapline: wants a socket and a command'
ctl halt
refused 2 "^trapline: unknown command 'halt'"
ctl status more
refused 2 "^trapline: 'more' is too much"
ctl profile 0
refused 2 "^trapline: profile '0': wants seconds"
ctl status
refused 4 "^trapline: cannot reach a VM at '$WORK/ctl': No such file or directory\$"
end
