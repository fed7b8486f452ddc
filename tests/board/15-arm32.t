# SPDX-License-Identifier: MIT
# shellcheck shell=dash
#
# 32-bit guests: whatever they come as they start, with all their CPUs, and again after a
# reset; what they access is named as AArch32 has it; what they cannot have is one line.

trapline caps --json >"$WORK/caps"
if grep -q '"el1_32bit": *false' "$WORK/caps"; then
	begin 'arm32: a host whose CPUs cannot says so'
	guest "$TL_GUESTS/hello32.elf"
	refused 4 "cannot run a 32-bit guest"
	end
	skip 'arm32: everything else' 'the CPU has no AArch32 at EL1'
	return 0
fi

begin 'arm32: an ELF program'
guest "$TL_GUESTS/hello32.elf"
status_is 0
output_is 'Hello, world!'
error_lines 0
end

begin 'arm32: a raw binary, of which one has to say it'
guest "$TL_GUESTS/hello32.bin" --aarch32
status_is 0
output_is 'Hello, world!'
end

begin 'arm32: four CPUs'
guest "$TL_GUESTS/smp32.elf" --cpus 4
status_is 0
output_has '^cpu 3: MPIDR 0x0000000080000003'
output_has '^4 cpus up'
end

begin 'arm32: a reset starts it as at first'
guest "$TL_GUESTS/reset32.elf"
status_is 0
output_is 'reset: first start
reset: second start'
end

begin 'arm32: what it cannot have'
guest "$TL_GUESTS/hello32.elf" --mem 3073M
refused 3 '--mem 3073M: this guest is 32-bit, and machine virt has room for 3072M'
guest "$TL_GUESTS/hello32.elf" --cpu sve=on
refused 4 '--cpu sve=on: this guest is 32-bit'
guest "$TL_GUESTS/hello32.elf" --cpu aes=off
refused 4 '--cpu aes=off: this guest is 32-bit'
guest "$TL_GUESTS/hello.elf" --aarch32
refused 3 "hello.elf' is 64-bit code: leave out --aarch32"
end

# row NAME HANDLER N: the profile has that detail so often.
row() {
	grep -Eq "^  $1 +$2 +$3 " "$WORK/err" || problem "no row '$1', $2, $3"
}

begin 'arm32: what it accesses has the names of AArch32'
guest "$TL_GUESTS/classes32.elf" --profile --append 'actlr thumb id cacheid dcisw dccsw dccisw n=40'
status_is 0
row 'ACTLR read' kernel 80
row 'ID_PFR0 read' kernel 40
row 'CTR read' kernel 40
row DCISW kernel 40
row DCCSW kernel 40
row DCCISW kernel 40
error_has 'set-way: 120 exits'
error_has 'All three are equal'
guest "$TL_GUESTS/classes32.elf" --profile --append 'pmu sgi vmrs dbgdrar dbgoslar n=40'
status_is 0
row 'PMCR read' kernel 40
row 'ICC_SGI1R write' kernel 40
row 'MVFR0 read' kernel 40
row 'DBGDRAR read' kernel 40
row 'DBGOSLAR write' kernel 40
end

begin 'arm32: where in it: in Thumb code, in User mode'
guest "$TL_GUESTS/classes32.elf" --record "$WORK/where" --append 'thumb user n=40'
status_is 0
error_has 'vCPU 0 at PC 0x4001[0-9a-f]{4}: read of 4 bytes'
run trapline report "$WORK/where" --by symbol --format csv
status_is 0
output_has '^[0-9]+,do_thumb,[4-9][0-9],'
output_has '^[0-9]+,user,[4-9][0-9],'
rm -rf "$WORK/where"
end

begin 'arm32: calls'
guest "$TL_GUESTS/classes32.elf" --count="$WORK/count.json" --append 'hvc smc n=40'
status_is 0
tr -d ' \n' <"$WORK/count.json" | grep -q '"HVC32":41,"SMC32":40' || problem "not 41 HVC32 and 40 SMC32"
end
