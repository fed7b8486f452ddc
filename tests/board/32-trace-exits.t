# SPDX-License-Identifier: MIT
# shellcheck shell=dash
#
# A line for each exit to user space, and a guest that lives on when nobody can write or reads them.

begin 'trace-exits: Hello, world! is 15 exits'
guest "$TL_GUESTS/hello.bin" --trace-exits
status_is 0
output_is 'Hello, world!'
error_lines 15
error_has "^vCPU 0 #1 PC 0x4008[0-9a-f]{4} KVM_EXIT_MMIO: pl011 UARTDR \(0x09000000\), write of 4 bytes: 0x48 'H'$"
error_has '^vCPU 0 #14 .*: 0xa$'
error_has '^vCPU 0 #15 PC 0x4008[0-9a-f]{4} KVM_EXIT_SYSTEM_EVENT: SHUTDOWN, of PSCI SYSTEM_OFF$'
end

begin 'trace-exits: hypercalls, in a file'
guest "$TL_GUESTS/hvc.bin" --trace-exits="$WORK/exits"
status_is 0
error_lines 0
if grep -q KVM_EXIT_HYPERCALL "$WORK/exits"; then
	file_has "$WORK/exits" '^vCPU 0 #1 PC .* HVC, Trapline VERSION \(0xc6000100\): x0 = 0x10001$'
	file_has "$WORK/exits" 'Trapline PUTCHAR \(0xc6000101\) with x1 = 0x54: x0 = 0x0$'
	equal 'its lines' "$(wc -l <"$WORK/exits" | tr -d ' ')" 35
fi
end

begin 'trace-exits: two vCPUs, and each line is whole'
guest "$TL_GUESTS/uart.bin" --append order --cpus 2 --uart plain --trace-exits="$WORK/exits"
status_is 0
equal 'lines' "$(count "$WORK/exits" '^vCPU [01] #[0-9]+ PC 0x[0-9a-f]+ KVM_EXIT_[A-Z_]+: .*(0x[0-9a-f]+( .*)?|SYSTEM_OFF|no device.*)$')" \
	"$(wc -l <"$WORK/exits" | tr -d ' ')"
file_has "$WORK/exits" '^vCPU 1 '
end

begin 'trace-exits: a full disk is said once, and the guest goes on'
guest "$TL_GUESTS/uart.bin" --append order --cpus 2 --uart plain --trace-exits=/dev/full
status_is 1
error_lines 1
error_has "--trace-exits: cannot write '/dev/full': No space left on device; the guest goes on"
equal 'lines that are right' "$(tr -d '\r' <"$WORK/out" | grep -c '^abcd$')" 200
end

begin 'trace-exits: nobody reads, and the guest goes on'
mkfifo "$WORK/fifo"
# shellcheck disable=SC2217 # it is to hold the pipe open, and not to read
sleep 50 <"$WORK/fifo" &
reader=$!
guest "$TL_GUESTS/uart.bin" --append order --cpus 2 --uart plain --trace-exits="$WORK/fifo"
status_is 0
kill "$reader"
wait "$reader" 2>/dev/null
error_has '--trace-exits: the reader was too slow for [0-9]+ lines'
equal 'lines that are right' "$(tr -d '\r' <"$WORK/out" | grep -c '^abcd$')" 200
end

begin 'trace-exits: a file that cannot be made'
guest "$TL_GUESTS/hello.bin" --trace-exits=/nowhere/exits
refused 1 "--trace-exits: cannot write '/nowhere/exits': No such file or directory"
end
