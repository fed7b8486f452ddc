# SPDX-License-Identifier: MIT
# shellcheck shell=dash
#
# Machine lab: the minimal hypervisor, its variants, and what it refuses. What --explain prints
# is checked by `make lab`, in the pages of docs/lab.

hello=$TL_GUESTS/lab-hello

# lab STATUS OPTION...: the guest on machine lab.
lab() {
	want=$1
	shift
	run trapline run --machine lab --timeout 50 "$@" </dev/null
	status_is "$want"
}

begin 'lab: fourteen characters and a halt are 15 exits to user space'
lab 0 -v "$hello.bin"
output_is 'Hello, world!'
error_has '^trapline: vCPU 0: 15 exits to user space with KVM_EXIT_MMIO$'
equal 'reasons' "$(grep -c 'exits to user space' "$WORK/err")" 1
end

begin 'lab: an ELF program, pages, and a granule of 64 KiB'
lab 0 "$hello.elf"
output_is 'Hello, world!'
lab 0 --lab pages "$hello.bin"
output_is 'Hello, world!'
lab 0 --lab granule=64k "$hello.bin"
output_is 'Hello, world!'
end

begin 'lab: a granule of 16 KiB, or one line that says that there is none'
run trapline run --machine lab --lab granule=16k "$hello.bin" </dev/null
# shellcheck disable=SC2154 # of run
if [ "$status" -eq 0 ]; then
	output_is 'Hello, world!'
else
	refused 4 '^trapline: --lab granule=16k: this CPU has no such granule .*; it has 4k 64k$'
fi
end

begin 'lab: two vCPUs, 15 exits each'
lab 0 -v --cpus 2 "$hello.bin"
equal 'lines' "$(grep -c '^Hello, world!$' "$WORK/out")" 2
equal 'vCPUs' "$(grep -c '15 exits to user space with KVM_EXIT_MMIO$' "$WORK/err")" 2
end

if trapline caps | grep -q '32-bit guests  *yes'; then
	begin 'lab: a 32-bit guest, 15 exits'
	lab 0 -v --aarch32 "${hello}32.bin"
	output_is 'Hello, world!'
	error_has '15 exits to user space with KVM_EXIT_MMIO$'
	lab 0 --cpus 2 "${hello}32.elf"
	equal 'lines' "$(grep -c '^Hello, world!$' "$WORK/out")" 2
	end
else
	skip 'lab: a 32-bit guest' 'this CPU has no 32-bit EL1'
fi

begin 'lab: --explain: page table, registers, exits and the 42 are those of the run'
lab 0 --explain "$hello.bin"
output_has '^     host-virtual    0x[0-9a-f]{12} to 0x[0-9a-f]{12}$'
output_has '^     page table     0x002000 to 0x004fff  .* 12288 bytes$'
output_has '^     level 2 at 0x004000  entry 0 .* 0x0000000000000701  block of 2 MiB at 0x0$'
output_has '^     TTBR0_EL1 0x0000000000002000 '
output_has '^        1     0  0x[0-9a-f]{6}  0x200000    1  48 '
output_has '^   Exits for characters: 14, one each; to halt: 1; for the port in all: 15.$'
output_has '^     memory         2a 00 00 00 00 00 00 00 = 42$'
output_has '^     x0             42,'
end

begin 'lab: pages that are equal are merged, and it says how many'
ksm=/sys/kernel/mm/ksm/run
if [ -w "$ksm" ]; then
	before=$(cat "$ksm")
	echo 1 >"$ksm"
	lab 0 --mem 2M,merge --explain "$hello.bin"
	merged=$(sed -n 's/^ *\([0-9]*\)  pages of this process are merged.*/\1/p' "$WORK/out")
	[ "${merged:-0}" -gt 400 ] || problem "$merged pages are merged"
	echo "$before" >"$ksm"
fi
end

begin 'lab: a guest that leaves something else is status 7, one line a place'
{
	# mov x1, #0x200000; str x0, [x1, #8]; b .
	bytes 1 4 240 322 40 4 0 371 0 0 0 24
	head -c 52 /dev/zero
} >"$WORK/lazy"
lab 7 "$WORK/lazy"
error_has '^trapline: the guest ended with 0 at 0x400, not 42$'
error_has '^trapline: vCPU 0 ended with 0 in x0, not 42$'
error_lines 2
end

begin 'lab: what machine lab does not have is refused'
lab 3 "$TL_GUESTS/hello.bin"
refused 3 "machine lab has 1024 bytes for code, from 0 on$"
lab 3 "$TL_GUESTS/Image"
refused 3 'machine lab has no room for Linux$'
lab 3 --rng "$hello.bin"
refused 3 '^trapline: a virtio device: machine lab has memory, vCPUs and a debug port, and nothing else$'
lab 3 --append x "$hello.bin"
refused 3 '^trapline: --append: machine lab has'
lab 3 --mem 64M,hole=2M@4M "$hello.bin"
refused 3 '^trapline: --mem hole: machine lab has'
lab 3 --mem 4M "$hello.bin"
refused 3 '^trapline: --mem: machine lab has 2 MiB'
lab 3 --cpus 5 "$hello.bin"
refused 3 '^trapline: --cpus 5: machine lab has stacks for 4$'
lab 2 --lab granule=8k "$hello.bin"
refused 2 "^trapline: --lab 'granule=8k': wants granule=4k\|16k\|64k or pages$"
run trapline run --machine lob "$hello.bin" </dev/null
refused 2 "^trapline: --machine 'lob': wants virt"
guest "$TL_GUESTS/hello.bin" --explain
refused 2 '^trapline: --explain: only for --machine lab$'
guest "$TL_GUESTS/hello.bin" --lab pages
refused 2 '^trapline: --lab: only for --machine lab$'
end

begin 'lab: --print-config and --profile know the machine'
lab 0 --print-config "$hello.bin"
output_has '^machine = lab$'
output_has '^mem = 2M$'
lab 0 --profile "$hello.bin"
error_has 'labport CHAR write .* 14 '
end
