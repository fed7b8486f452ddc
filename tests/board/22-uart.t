# SPDX-License-Identifier: MIT
# shellcheck shell=dash
#
# The UART that costs few exits: nothing is late for ever, lost or out of order, with it
# (as it is by itself) and without.

# log: the output, without what a terminal needs.
log() {
	tr -d '\r' <"$WORK/out"
}

for uart in fast plain; do
	begin "uart $uart: the last line of a guest that never exits again"
	trapline run "$TL_GUESTS/uart.bin" --append silent --uart $uart --timeout 50 </dev/null >"$WORK/out" 2>"$WORK/err" &
	pid=$!
	wait_for "$WORK/out" '^silent 64'
	kill -KILL "$pid"
	wait "$pid" 2>/dev/null
	equal 'its lines' "$(log)" "$(seq -f 'silent %g' 1 64 2>/dev/null || seq 1 64 | sed 's/^/silent /')"
	end

	begin "uart $uart: two vCPUs in turns, and hypercalls between"
	guest "$TL_GUESTS/uart.bin" --append order --cpus 2 --uart $uart
	status_is 0
	equal 'lines that are right' "$(log | grep -c '^abcd$')" 200
	equal 'all lines' "$(log | wc -l | tr -d ' ')" 200
	end

	begin "uart $uart: input, while each character is answered by a line"
	{ for _ in 1 2 3; do printf 'abcdefghijklmnoprstuvwxyz0123456789ABCDEFGHIJKLMNOPRSTUVWXYZ'; done; printf q; } >"$WORK/input"
	run trapline run "$TL_GUESTS/uart.bin" --append input --uart $uart <"$WORK/input"
	status_is 0
	equal 'what was answered' "$(log | sed -n 's/^got \(.\), one of many characters$/\1/p' | tr -d '\n')" "$(cat "$WORK/input")"
	equal 'all lines' "$(log | wc -l | tr -d ' ')" "$(wc -c <"$WORK/input" | tr -d ' ')"
	end

	# robust: storm.uart
	begin "uart $uart: a reset in the midst of a burst"
	guest "$TL_GUESTS/uart.bin" --append reset --uart $uart
	status_is 0
	equal 'its lines' "$(log)" "$(seq 1 100 | sed 's/^/first /'; seq 1 100 | sed 's/^/second /')"
	end

	begin "uart $uart: Linux reads 100 lines while it prints"
	# shellcheck disable=SC2016,SC2094 # for the shell in the guest; what is waited for is its output
	(wait_for "$WORK/out" '^ready' && seq 1 100 | sed 's/^/a line to be read, number /' && sleep 1) |
		timeout -s KILL "$TEST_LIMIT" trapline run "$TL_GUESTS/Image" --initrd "$TL_GUESTS/linux.cpio.gz" --uart $uart --append \
			'quiet trapline.run="stty -echo; echo ready; i=0; while [ $i -lt 100 ] && read line; do echo got $line; i=$((i+1)); done; echo end"' \
			>"$WORK/out" 2>"$WORK/err"
	# shellcheck disable=SC2034 # status_is reads it
	status=$?
	status_is 0
	equal 'what it got' "$(log | grep '^got ')" "$(seq 1 100 | sed 's/^/got a line to be read, number /')"
	output_has '^end'
	end

	begin "uart $uart: the log of a boot, all of it"
	guest "$TL_GUESTS/Image" --initrd "$TL_GUESTS/linux.cpio.gz" --append 'earlycon=pl011,0x9000000' --uart $uart \
		--count="$WORK/$uart.json"
	status_is 0
	output_has '^.*Linux version .* #1 SMP'
	output_has 'legacy console \[ttyAMA0\] enabled'
	output_has 'Linux [0-9.a-z-]+ up, 1 cpu'
	output_has 'reboot: Power down'
	end
done

begin 'uart: a boot with the whole log takes less than 1000 exits to user space, not thousands'
fast=$(total "$WORK/fast.json" userspace_exits) plain=$(total "$WORK/plain.json" userspace_exits)
if trapline caps --json | grep -q '"statistics": true' && [ "${plain:-0}" -gt 0 ]; then
	[ "$fast" -lt 1000 ] || problem "there were $fast"
	[ "$plain" -gt 10000 ] || problem "without it there were $plain"
fi
end

begin 'uart: what the kernel took is in the profile, by its register'
guest "$TL_GUESTS/uart.elf" --append reset --profile
status_is 0
if trapline caps --json | grep -q '"bpf": true'; then
	error_has 'pl011 UARTDR write +kernel +[0-9]+ '
	error_has 'All three are equal|classes add up'
fi
end

begin 'uart: neither of the two'
run trapline run "$TL_GUESTS/hello.bin" --uart slow
refused 2 '--uart.*wants fast or plain'
end
