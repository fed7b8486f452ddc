# SPDX-License-Identifier: MIT
# shellcheck shell=dash
#
# What the guest of the laboratory on exit handling finds: memory with a hole, by a hypercall; a CPU
# without what was hidden; a program on a disk, which it starts. And what becomes of calls that nobody
# knows.

loader=$TL_GUESTS/lab-loader.elf
dd if="$TL_GUESTS/hello.bin" of="$WORK/program" bs=512 conv=sync 2>/dev/null

# Before Linux 6.4 KVM answers all hypercalls itself.
if ! trapline caps --json | grep -q '"smccc_filter": true'; then
	begin 'exit handling: without a filter for hypercalls --unknown-calls stop is refused'
	guest "$TL_GUESTS/hello.bin" --unknown-calls stop
	status_is 4
	error_has '--unknown-calls stop: .* Linux 6.4'
	end
	skip 'exit handling' 'this kernel hands on no hypercalls'
	return 0
fi

begin 'exit handling: a boot loader finds memory, the CPU and a program'
guest "$loader" --mem 64M,hole=16M@32M --disk "$WORK/program"
status_is 0
equal 'the map' "$(tr -d '\r' <"$WORK/out" | sed -n 's/^memory at //p; s/^  bytes   //p' | tr '\n' ' ')" \
	'0x0000000040000000 0x0000000002000000 0x0000000043000000 0x0000000001000000 '
output_has '^in between: 0x0000000000000000'
output_has '^EL2: (yes|no), AES: (yes|no), CRC32: (yes|no)'
output_has '^Hello, world!'
error_has 'read of 4 bytes at 0x42000000, where no device answers'
end

begin 'exit handling: EL2 and AES hidden'
guest "$loader" --disk "$WORK/program" --cpu el2=off,aes=off
if trapline run --cpu help | grep -q '^aes  *yes  *yes'; then
	status_is 0
	output_has '^EL2: no, AES: no,'
else
	status_is 4
fi
end

begin 'exit handling: an unknown hypercall is refused'
guest "$loader" --append unknown --disk "$WORK/program"
status_is 0
output_has '^an unknown call: 0xffffffffffffffff'
output_has '^Hello, world!'
end

begin 'exit handling: an unknown hypercall is named, and stops the guest'
guest "$loader" --append unknown --disk "$WORK/program" --unknown-calls stop
refused 6 'vCPU 0 stopped at PC 0x4040[0-9a-f]{4}: unknown hypercall 0xc60001ff \(HVC, fast call to owner 6, function 0x1ff\)$'
end

begin 'exit handling: Linux in memory with a hole'
guest "$TL_GUESTS/Image" --initrd "$TL_GUESTS/linux.cpio.gz" --mem 192M,hole=64M@64M --unknown-calls stop \
	--append 'quiet trapline.run="grep RAM /proc/iomem"'
status_is 0
output_has '^40000000-43ffffff : System RAM'
output_has '^48000000-4bffffff : System RAM'
end
