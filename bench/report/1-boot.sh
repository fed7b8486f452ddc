# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# Boot and power-off of the 32-bit guest on vexpress-a15. Part of bench/report-2014.

# The report's two runs: exits, and how many of these were traps.
THEN_FIRST='80671 74322' THEN_SECOND='81072 74382'

on_board boot boot.board.sh --gic 2 --io-tools --with "$TL_TOP/build/board/linux32.cpio"

# exits_of RUN: all; traps: but for interrupts of the host.
exits_of() {
	jq -r '"\(.totals.exits) \(.totals.exits - ([.vcpus[].classes[] | select(.name == "IRQ") | .count] | add // 0))
		\(.totals.userspace_exits)"' "$BENCH_WORK/boot/$1.json" | tr '\n' ' '
}

read -r exits_first traps_first user_first <<<"$(exits_of first)"
read -r exits_second traps_second user_second <<<"$(exits_of second)"
figure 'boot and power-off of the 32-bit guest: exits' exits "$exits_first" lower null 'report of 2014' "${THEN_FIRST% *}"
figure 'boot and power-off of the 32-bit guest: traps' exits "$traps_first" lower null 'report of 2014' "${THEN_FIRST#* }"
figure 'boot and power-off of the 32-bit guest: exits to user space' exits "$user_first" lower null

text <<END
## Boot and power-off

32-bit Linux on machine \`vexpress-a15\`, 512 MiB, its root on virtio-blk, user networking, and the command line of the
report, \`console=ttyAMA0 mem=512M root=/dev/vda ip=dhcp\`; from the first instruction to the end of the VM. *Traps* are the
exits that the guest's instructions caused, all but interrupts of the host.
END
table 'run' 'exits' 'traps' 'exits to user space'
row '2014, first' "${THEN_FIRST% *}" "${THEN_FIRST#* }" ''
row '2014, second' "${THEN_SECOND% *}" "${THEN_SECOND#* }" ''
row 'trapline, first' "$exits_first" "$traps_first" "$user_first"
row 'trapline, second' "$exits_second" "$traps_second" "$user_second"
end_table

text <<END
One exit where the report counted $(divide "${THEN_FIRST% *}" "$exits_first" 0), but not all of it is a merit: this guest is a small kernel and an
init that says one line, where the report's booted a whole system. What is gone for certain are the bursts (below); guest
memory is mapped by blocks of 2 MiB; ticks of the guest's timer are interrupts of the host and no traps. The two runs have
the same traps and differ by where interrupts of the host fall. Nine in ten of the exits that are left are the kernel's
log on the serial port (no \`quiet\`, as in the report); most of these do not come to the VMM.

Where they come from (the first run; \`trapline run --profile\`):

\`\`\`text
$(sed -n '/^vCPU 0 /,/^Reconciliation/p' "$BENCH_WORK/boot/first.txt" | sed '/^Reconciliation/d')
\`\`\`

The last exits to user space, as \`--trace-exits\` tells of them. The store to 0x1c0100a8 that the report ended with is
there: Linux clears SYS_CFGSTAT, gives the board's microcontroller the command "power off" by SYS_CFGCTRL, and the VM
ends as it looks whether that is done.

\`\`\`text
$(grep -a '^vCPU' "$BENCH_WORK/boot/lines.txt" | tail -n 5)
\`\`\`

What the guest said:

\`\`\`text
$(tr -d '\r' <"$BENCH_WORK/boot/first.log" | tail -n 12)
\`\`\`
END
{
	printf 'exits\t2014\t%s\ntraps\t2014\t%s\n' "${THEN_FIRST% *}" "${THEN_FIRST#* }"
	printf 'exits\ttrapline\t%s\ntraps\ttrapline\t%s\nexits to user space\ttrapline\t%s\n' "$exits_first" "$traps_first" "$user_first"
} | sort -s -t "$(printf '\t')" -k 1,1 | picture boot 'Boot and power-off of a 32-bit guest'
jq -r '[.vcpus[].classes[] | {name, count}] | group_by(.name) | map([.[0].name, "exits", (map(.count) | add)]) | sort_by(-.[2])[] | @tsv' \
	"$BENCH_WORK/boot/first.json" | picture classes 'The same, by exception class'
