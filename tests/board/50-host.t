# SPDX-License-Identifier: MIT
# shellcheck shell=dash
#
# What the host may do to the VMM: standard input of every kind, signals, time
# limits, and KVM that is missing.

echo_guest=$TL_GUESTS/echo.bin

# robust: stdin.end
begin 'echo: reads a file to the end'
printf 'abc\nq' >"$WORK/input"
run trapline run "$echo_guest" <"$WORK/input"
status_is 0
output_has '^abc'
output_has '^echo: off'
end

# robust: stdin.pipe
begin 'echo: reads a pipe'
(sleep 1 && printf 'piped\nq') | timeout -s KILL 20 trapline run "$echo_guest" >"$WORK/out" 2>"$WORK/err"
status=$?
status_is 0
output_has '^piped'
end

begin 'echo: more input than the FIFO of the UART holds'
{ head -c 2000 /dev/zero | tr '\0' x && printf q; } >"$WORK/input"
run trapline run "$echo_guest" <"$WORK/input"
status_is 0
equal 'characters that came back' "$(tr -cd x <"$WORK/out" | wc -c | tr -d ' ')" 2000
end

# robust: stdin.absent
begin 'standard input closed'
run trapline run "$TL_GUESTS/hello.bin" <&-
status_is 0
output_is 'Hello, world!'
end

begin 'linux: reads from a pipe'
: >"$WORK/out"
# shellcheck disable=SC2016,SC2094 # for the shell in the guest; what is read is looked for
(wait_for "$WORK/out" '^ask' && echo 'through the UART') | timeout -s KILL "$TEST_LIMIT" trapline run "$TL_GUESTS/Image" \
	--initrd "$TL_GUESTS/linux.cpio.gz" --append 'quiet trapline.run="echo ask; read line; echo got $line"' \
	>"$WORK/out" 2>"$WORK/err"
status=$?
status_is 0
output_has '^got through the UART'
end

begin 'standard output that is full'
if [ -c /dev/full ]; then
	timeout -s KILL 20 trapline run "$TL_GUESTS/hello.bin" </dev/null >/dev/full 2>"$WORK/err"
	status=$?
	status_in 0 1
fi
end

# robust: signal.pipe
begin 'standard output whose reader went away'
{ timeout -s KILL 20 trapline run "$TL_GUESTS/smp.bin" --cpus 4 </dev/null 2>"$WORK/err"
	echo "$?" >"$WORK/status"; } | head -c 1 >/dev/null
# shellcheck disable=SC2034 # status_is reads it
status=$(cat "$WORK/status")
status_in 0 1 141
end

for sort in spin idle; do
	begin "--timeout ends a guest that does not ($sort): status 124"
	guest "$TL_GUESTS/$sort.bin" --timeout 2
	status_is 124
	output_has "^$sort: for ever"
	end
done

for signal in INT:130 TERM:143 HUP:129 QUIT:131; do
	# robust: signal.hup signal.term signal.quit
	begin "SIG${signal%:*} ends the VM: status ${signal#*:}"
	kill_when_up "${signal%:*}" 'for ever'
	guest "$TL_GUESTS/idle.bin" --cpus 2
	status_is "${signal#*:}"
	end
done

begin 'SIGKILL leaves nothing behind: the next VM starts'
trapline run "$TL_GUESTS/spin.bin" --profile </dev/null >"$WORK/out" 2>"$WORK/err" &
pid=$!
wait_for "$WORK/out" 'for ever'
kill -KILL "$pid"
wait "$pid" 2>/dev/null
guest "$TL_GUESTS/hello.bin" --profile="$WORK/after.json"
status_is 0
equal lost "$(total "$WORK/after.json" lost)" 0
end

# limited OPTION VALUE COMMAND...: with a limit of its own.
limited() {
	limit=$1 value=$2
	shift 2
	# shellcheck disable=SC2016 # for the shell that has the limit
	run sh -c 'ulimit "$0" "$1" && shift && exec "$@"' "$limit" "$value" "$@" </dev/null
}

# A sanitizer's shadow alone is larger.
if [ -z "${TL_SANITIZER-}" ]; then
	# robust: rlimit.as
	begin 'RLIMIT_AS: a guest that does not fit: status 4'
	limited -v 100000 trapline run "$TL_GUESTS/hello.bin"
	refused 4 '^trapline: cannot map 256 MiB of guest memory: Cannot allocate memory; ask for less with --mem$'
	limited -v 100000 trapline run "$TL_GUESTS/hello.bin" --mem 16M
	status_is 0
	end
fi

# robust: rlimit.nofile
begin 'RLIMIT_NOFILE: too few files: status 4, or the guest runs'
for files in 6 7 8 9 10 11 12 13 14 15 16 17 18; do
	limited -n "$files" trapline run "$TL_GUESTS/hello.bin"
	status_in 0 3 4
	[ "$status" -eq 0 ] || refused "$status" 'Too many open files'
done
end

# robust: rlimit.fsize signal.xfsz
begin 'RLIMIT_FSIZE: files that become too large are an error, and no signal ends the VM'
limited -f 0 trapline run "$TL_GUESTS/hello.bin" --dump-dtb "$WORK/tree"
status_is 1
truncate -s 8M "$WORK/limited"
limited -f 1000 trapline run "$TL_GUESTS/Image" --initrd "$TL_GUESTS/linux.cpio.gz" --disk "$WORK/limited" \
	--append 'quiet trapline.run="dd if=/dev/zero of=/dev/vda bs=64k oflag=direct seek=100 count=1 2>&1; dd if=/dev/zero of=/dev/vda bs=4k count=1 conv=fsync 2>/dev/null && echo alive"'
status_is 0
output_has 'Input/output error|No space left'
output_has '^alive'
error_has "^trapline: warning: disk '$WORK/limited': writing: File too large"
end

# without CALL... -- ARGUMENT...: trapline on a kernel that lacks these calls.
without() {
	run "$TL_TESTS/without" "$@" </dev/null
}

# robust: kvm.no-bpf
begin 'no BPF: a profile reads the events, and is whole'
without bpf -- trapline run "$TL_GUESTS/exitbench.bin" --append 'hvc n=2000' --profile="$WORK/profile.json" -v
status_is 0
error_has 'events are read instead$'
equal lost "$(total "$WORK/profile.json" lost)" 0
[ "$(total "$WORK/profile.json" exits)" -gt 2000 ] || problem 'exits are missing'
end

# robust: host.eventfds
begin 'no eventfds: status 4, and what failed'
without -e 24 eventfd2 -- trapline run "$TL_GUESTS/hello.bin"
refused 4 'Too many open files'
without -e 24 eventfd2 -- trapline run "$TL_GUESTS/hello.bin" --rng
refused 4 'Too many open files'
end

# robust: host.threads
begin 'no more threads: status 4, and what failed'
without -e 11 clone clone3 -- trapline run "$TL_GUESTS/hello.bin"
refused 4 'Resource temporarily unavailable'
without -e 11 clone clone3 -- trapline run "$TL_GUESTS/hello.bin" --rng
refused 4 'Resource temporarily unavailable'
end

if trapline run --help | grep -q -e --sandbox; then
	# robust: host.no-landlock
	begin 'no Landlock: a warning, and the guest runs'
	without landlock_create_ruleset -- trapline run "$TL_GUESTS/hello.bin"
	status_is 0
	output_is 'Hello, world!'
	error_has '^trapline: warning: sandbox: this kernel has no Landlock'
	error_lines 1
	end

	# robust: host.no-seccomp
	begin 'no seccomp: a warning, and the guest runs'
	without seccomp -- trapline run "$TL_GUESTS/hello.bin"
	status_is 0
	output_is 'Hello, world!'
	error_has '^trapline: warning: sandbox: this kernel has no filters'
	end
fi

if [ "$(hostname)" = board ]; then
	# robust: clock.jump
	begin 'a clock that is set far forward and back: time limit and profile do not notice'
	now=$(date +%s)
	trapline run "$TL_GUESTS/spin.elf" --timeout 3 --profile="$WORK/clock.json" </dev/null >"$WORK/out" 2>"$WORK/err" &
	pid=$!
	wait_for "$WORK/out" 'for ever'
	date -s @1800000000 >/dev/null
	sleep 0.5
	date -s @100000000 >/dev/null
	wait "$pid"
	status=$?
	date -s "@$((now + 3))" >/dev/null 2>&1
	status_is 124
	ns=$(sed -n 's/^ *"duration_ns": \([0-9]*\),.*/\1/p' "$WORK/clock.json")
	[ "${ns:-0}" -gt 2500000000 ] || problem "the profile is of $ns ns"
	[ "${ns:-0}" -lt 60000000000 ] || problem "the profile is of $ns ns"
	end

	mv /dev/kvm /dev/kvm-away
	# robust: kvm.missing
	begin 'no /dev/kvm: status 4 and what to do'
	guest "$TL_GUESTS/hello.bin"
	refused 4 '/dev/kvm'
	end
	mv /dev/kvm-away /dev/kvm

	mkdir -p /etc
	echo 'nobody:x:65534:65534::/:/bin/sh' >/etc/passwd
	echo 'nogroup:x:65534:' >/etc/group
	# robust: kvm.eacces
	begin 'no permission for /dev/kvm: status 4 and what to do'
	run start-stop-daemon -S -c 65534:65534 -x /bin/trapline -- run "$TL_GUESTS/hello.bin" </dev/null
	refused 4 '/dev/kvm.*[Pp]ermission'
	end

	# robust: kernel.unreadable
	begin 'a kernel that cannot be read: status 3'
	cp "$TL_GUESTS/hello.bin" /tmp/unreadable
	chmod 0 /tmp/unreadable
	chmod 666 /dev/kvm
	chmod 755 /tmp
	run start-stop-daemon -S -c 65534:65534 -x /bin/trapline -- run /tmp/unreadable </dev/null
	refused 3 '/tmp/unreadable.*[Pp]ermission'
	rm -f /tmp/unreadable
	chmod 600 /dev/kvm
	end
fi
