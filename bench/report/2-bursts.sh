# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# The bursts that the report could not explain. Part of bench/report-2014.

on_board bursts bursts.board.sh

# report GEOMETRY: what trapline says of that guest.
report() {
	"$TL_TOP/build/pc/trapline" report "$BENCH_WORK/bursts/$1"
}

# flushes GEOMETRY: exits by set and way.
flushes() {
	"$TL_TOP/build/pc/trapline" report --format json "$BENCH_WORK/bursts/$1" |
		jq '[.details[] | select(.what == "DC CISW") | .exits] | add // 0'
}

burst=$(flushes a15) shown=$(flushes now)
figure "set and way: exits to clean the caches, with the geometry that KVM shows" exits "$shown" lower null \
	"with a Cortex-A15's" "$burst"

text <<END
## The bursts nobody could explain

The report found long bursts of traps at one PC, some tens of microseconds apart, with no fault of memory
between them: entry at PC+4, exit at PC, thousands of times. The guest \`guest/lab/setway\`
([a laboratory](../../docs/lab/3-set-way.md)) does what kernels did then when they cleaned their caches: a loop over all
sets and ways. With a Cortex-A15's geometry (32 KiB with 2 ways, 1 MiB with 16) this is what \`trapline report\` says of it:

\`\`\`text
$(report a15 | sed -n '/^What they were for/,/^Reconciliation/p' | sed '/^Reconciliation/d' | sed -e :a -e '/^\n*$/{$d;N;ba' -e '}')
\`\`\`

So: **$burst exits, all at the one instruction \`DC CISW\`**, each a system-register trap that the kernel answers, and
the advice says what to do. No fault of memory is in between, because the instruction names a set and a way and no
address. It traps (HCR_EL2.TSW) since it works on the cache of one CPU only, and a vCPU may move to another: the KVM of
2014 carried out each one in its place. Today it cleans the guest's memory as a whole at the first one
(\`kvm_set_way_flush\`) and then ignores them, but each still has to exit.

Why the KVM of today needs so few: it shows guests a made-up geometry of one set and one way on each level
(CCSIDR_EL1), since no guest can use the real one. The same loop, told by it how often to turn, takes
exits by set and way: **$shown**. And arm64 Linux does not clean by set and way at all, but by address (DC CIVAC), which does not exit.
END
printf '%s\t%s\t%s\n' "Cortex-A15's geometry" exits "$burst" "what KVM shows" exits "$shown" |
	picture bursts "Exits to clean all caches by set and way" -v log_from=1
