# SPDX-License-Identifier: MIT
# shellcheck shell=dash
#
# Accesses that the syndrome does not describe: each instruction does to a device what it does to
# RAM, also where it crosses from one into the other.

limit=$TEST_LIMIT
TEST_LIMIT=300
# robust: mmio.pair mmio.write-back mmio.simd mmio.across
begin 'nisv: pairs, write-back, SIMD&FP: registers, flags and bytes are those that RAM gives'
guest "$TL_GUESTS/nisv64.bin" --scratch -v --timeout 290
status_is 0
output_has '^nisv64: 881 instructions, 6119 runs, 0 differences'
output_lacks '^not ok|exception'
error_has 'vCPU 0: [0-9]{4,} exits to user space with KVM_EXIT_ARM_NISV'
error_lacks 'no device answers|not emulated'
end

if trapline caps --json | grep -q '"el1_32bit": true'; then
	begin 'nisv: so are those of A32 and T32, in IT blocks too'
	guest "$TL_GUESTS/nisv32.elf" --scratch -v --timeout 290
	status_is 0
	output_has '^nisv32: 229 instructions, 1245 runs, 0 differences'
	output_lacks '^not ok|exception'
	error_has 'vCPU 0: [0-9]{4,} exits to user space with KVM_EXIT_ARM_NISV'
	error_lacks 'no device answers|not emulated'
	end
else
	skip 'nisv: A32 and T32' 'this host has no 32-bit guests'
fi
TEST_LIMIT=$limit

begin 'nisv: --trace-exits has the instruction'
guest "$TL_GUESTS/nisv.bin" --trace-exits
status_is 0
error_has 'KVM_EXIT_ARM_NISV: at 0x0f000000, instruction 0xf84[0-9a-f]{5}, LDR, STR and the like, general and SIMD&FP \(post-index\)'
end
