# SPDX-License-Identifier: MIT
# shellcheck shell=dash
# shellcheck disable=SC2154 # WORK is the runner's
#
# The VMM's sandbox: who it is while a guest runs, what ends it, and that a VMM which is made to
# misbehave gets out in none of the ways tried (tests/misbehave/misbehave.c).

# knock ACT ON OPTION...: has the back door do it.
knock() {
	act=$1 on=$2
	shift 2
	run "$TL_TESTS/trapline-misbehave" run "$TL_GUESTS/misbehave.bin" --append "act=$act on=$on" --balloon "$@" </dev/null
}

# stopped THREAD CALL: it ended in the middle of it, and said so in one line.
stopped() {
	status_is 8
	! grep -q 'It was done' "$WORK/out" || problem 'it was done'
	error_has "^trapline: sandbox: thread '$1' called $2 \(number [0-9]+; .*\), which it may not: the VM ends here\$"
	equal "lines on standard error for $2" "$(wc -l <"$WORK/err")" 1
}

begin 'a back door is open where nothing is done, and without a sandbox'
for on in 0 4 8; do
	knock 0 "$on"
	status_is 0
	output_has '^It was done'
done
knock 6 0 --sandbox off
status_is 0
output_has '^It was done'
error_has '^trapline: warning: --sandbox off: '
end

"$TL_TESTS/trapline-misbehave" --list >"$WORK/acts"
while read -r number name call; do
	[ "$number" -gt 0 ] || continue
	begin "a vCPU does not get out: $name"
	knock "$number" 0
	stopped 'vcpu 0' "$call"
	end
done <"$WORK/acts"

begin 'nor do a worker and the main thread'
for name in open exec fork socket ptrace kill executable-memory another-vm setuid io_uring; do
	read -r number call <<-END
		$(sed -nE "s/^([0-9]+) $name (.*)/\1 \2/p" "$WORK/acts")
	END
	knock "$number" 4
	stopped 'back door' "$call"
	knock "$number" 8
	stopped trapline-misbeh "$call"
done
end

# while_running OPTION...: starts a guest that spins; its process is $pid.
while_running() {
	: >"$WORK/spin"
	trapline run "$TL_GUESTS/spin.bin" "$@" --grace 0 </dev/null >"$WORK/spin" 2>"$WORK/err" &
	pid=$!
	tries=300
	until grep -q 'for ever' "$WORK/spin" || [ "$tries" -eq 0 ]; do
		tries=$((tries - 1))
		sleep 0.1
	done
}

# child_of PID: the process that it has started.
child_of() {
	grep -l "^PPid:[[:space:]]*$1\$" /proc/[0-9]*/status 2>/dev/null | sed 's|/proc/\([0-9]*\)/.*|\1|'
}

finish() {
	kill "$pid"
	wait "$pid"
}

# each_thread FIELD VALUE: of /proc/PID/task/*/status.
each_thread() {
	for task in /proc/"$pid"/task/*; do
		equal "$1 of thread $(cat "$task/comm")" \
			"$(sed -n "s/^$1:[[:space:]]*//p" "$task/status" | tr '\t' ' ')" "$2"
	done
}

if [ "$(id -u)" = 0 ]; then
	
	begin 'started by root: another user, no capability, nothing to gain, filters for each thread'
	while_running --rng --balloon
	each_thread Uid '65534 65534 65534 65534'
	each_thread Gid '65534 65534 65534 65534'
	each_thread CapPrm 0000000000000000
	each_thread CapBnd 0000000000000000
	each_thread NoNewPrivs 1
	each_thread Seccomp 2
	equal 'core files' "$(awk '/^Max core/ {print $5, $6}' "/proc/$pid/limits")" '0 0'
	equal 'processes' "$(awk '/^Max processes/ {print $3, $4}' "/proc/$pid/limits")" '0 0'
	finish
	end

	begin '--user; what is reached by name keeps root, without capabilities'
	while_running --user 1234:77
	each_thread Uid '1234 1234 1234 1234'
	each_thread Gid '77 77 77 77'
	finish
	while_running --ctl "$WORK/ctl"
	each_thread Uid '0 0 0 0'
	each_thread CapPrm 0000000000000000
	run trapline ctl "$WORK/ctl" profile 1 </dev/null
	status_is 1
	error_has 'this VM.s sandbox has no rights to profile: start it with --ctl SOCKET,profile'
	finish
	end
fi

if [ "$(id -u)" = 0 ]; then
	begin '--sandbox namespaces: neither network nor files nor other processes'
	truncate -s 1M "$WORK/disk"
	while_running --disk "$WORK/disk" --sandbox namespaces
	outer=$pid
	pid=$(child_of "$outer")
	equal 'its process IDs' "$(sed -n 's/^NSpid:[[:space:]]*//p' "/proc/$pid/status" | tr '\t' ' ')" "$pid 1"
	for task in /proc/"$pid"/task/*; do
		[ "$(readlink "$task/ns/net")" != "$(readlink /proc/self/ns/net)" ] || problem "$task has the host's network"
		[ "$(readlink "$task/ns/mnt")" != "$(readlink /proc/self/ns/mnt)" ] || problem "$task has the host's mounts"
		equal 'what is in its root' "$(ls -A "$task/root/")" ''
	done
	child=$pid
	pid=$outer
	# A signal is handed on; its line and status are the VM's.
	kill "$pid"
	wait "$pid"
	equal 'exit status' $? 143
	[ ! -e "/proc/$child" ] || problem 'the child is still there'
	while_running --disk "$WORK/disk" --sandbox namespaces --ctl "$WORK/ctl" --user 1234
	child=$(child_of "$pid")
	equal 'the process of ctl status' "$(trapline ctl --json "$WORK/ctl" status | sed -n 's/.*"pid": *\([0-9]*\).*/\1/p')" "$child"
	kill -KILL "$pid"
	wait "$pid" 2>/dev/null
	tries=100
	while [ -e "/proc/$child" ] && [ "$tries" -gt 0 ]; do
		tries=$((tries - 1))
		sleep 0.1
	done
	[ "$tries" -gt 0 ] || problem 'the VM goes on when what was started has been killed'
	mkdir "$WORK/shared"
	echo 'from the host' >"$WORK/shared/f"
	run trapline run "$TL_GUESTS/Image" --initrd "$TL_GUESTS/linux.cpio.gz" --share "$WORK/shared:host" --disk "$WORK/disk" \
		--sandbox namespaces --append 'quiet trapline.run="mkdir /m; mount -t 9p -o trans=virtio,version=9p2000.L host /m; cat /m/f; head -c 5 /dev/vda | wc -c"' </dev/null
	status_is 0
	output_has '^from the host'
	output_has '^5'
	end
fi

begin 'wrong usage'
run trapline run "$TL_GUESTS/hello.bin" --user 'no such user' </dev/null
refused 2 "^trapline: --user 'no such user': there is no user 'no such user' in /etc/passwd\$"
run trapline run "$TL_GUESTS/hello.bin" --user root --sandbox off </dev/null
status_is 2
run trapline run "$TL_GUESTS/hello.bin" --sandbox maybe </dev/null
refused 2 "^trapline: --sandbox 'maybe': wants on, off or namespaces\$"
end

begin '--sandbox off warns'
run trapline run "$TL_GUESTS/hello.bin" --sandbox off </dev/null
status_is 0
error_has '^trapline: warning: --sandbox off: '
end
