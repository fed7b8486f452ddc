# SPDX-License-Identifier: MIT
# shellcheck shell=dash
#
# A stock kernel, without the series: the profile is what its events tell, and one
# line says what is not seen. Only make kernel-matrix runs this.

begin 'stock: a profile from the stock events, and one line on what is not seen'
guest "$TL_GUESTS/exitbench.bin" --append n=1000 --profile="$WORK/stock.json"
status_is 0
equal 'lines on it' "$(count "$WORK/err" 'not seen on this host: ')" 1
error_has "not seen on this host: where events are missing, host interrupts apart from the guest's time, exits that EL2 handles by itself; see 'trapline caps'"
error_has '^  HVC64 +hypervisor call +1002 '
error_has 'Both known counts are equal: every exit is in this profile'
equal exit_counts "$(tr -d ' \n' <"$WORK/stock.json" | grep -c '"exit_counts":false')" 1
equal kernel "$(tr -d ' \n' <"$WORK/stock.json" | grep -c '"returned":null,"fixups":null,"entries_not_run":null,"handling_ns":null')" 1
end

if trapline caps --json | grep -q '"bpf": true'; then
	begin 'stock: what exits were for, also without the fields of the series'
	guest "$TL_GUESTS/classes.elf" --append 'gic n=50' --profile
	status_is 0
	error_has '^  gicd GICD_TYPER read +kernel +50 .* 100 % do_gic\+0x'
	guest "$TL_GUESTS/classes.elf" --append 'sysreg n=50' --profile
	status_is 0
	error_has '^  ID_AA64PFR0_EL1 read +kernel +50 '
	end

	begin 'stock: the VM of another program'
	run trapline profile --map qemu-virt -- trapline run "$TL_GUESTS/classes.elf" --append 'hvc n=50' </dev/null
	status_is 0
	error_has '^  PSCI VERSION +kernel +50 '
	end
fi

begin 'stock: counts alone are one number'
guest "$TL_GUESTS/exitbench.bin" --append n=1000 --count
status_is 0
error_has 'not seen on this host: classes of exits, exits that EL2 handles by itself'
error_has 'This kernel does not count by class'
error_has '1 vCPU, 10[0-9][0-9] exits'
end

begin 'stock: two vCPUs are told apart by their threads'
guest "$TL_GUESTS/Image" --initrd "$TL_GUESTS/linux.cpio.gz" --append quiet --cpus 2 --profile="$WORK/stock.json"
status_is 0
error_has '^vCPU 1  [0-9]+ exits'
error_has 'Both known counts are equal: every exit is in this profile'
end

begin 'stock: caps names what is missing'
run trapline caps
status_is 0
output_has 'exits by class +no'
output_has 'make kernel'
end

# recorded ARGUMENTS EXPECTED: the same from a recording, of several events an exit.
recorded() {
	begin "stock: record: $1: $2"
	rm -rf /tmp/recording
	guest "$TL_GUESTS/classes.elf" --record /tmp/recording --append "$1"
	status_is 0
	trapline report /tmp/recording --format csv | tr -d '\r"' |
		sed -n 's/^[0-9]*,\(.*\),\([0-9]*\),[0-9]*,[0-9]*,[0-9]*,[0-9]*,[0-9]*,[0-9]*,[0-9]*$/\2 \1/p' >"$WORK/details"
	grep -q "^$2\$" "$WORK/details" || problem "not '$2', but: $(head -n 4 "$WORK/details" | tr '\n' ';')"
	run trapline report /tmp/recording
	status_is 0
	rm -rf /tmp/recording
	end
}

recorded 'hvc n=100' '100 PSCI VERSION'
recorded 'sysreg n=100' '100 ID_AA64PFR0_EL1 read'
recorded 'gic n=100' '100 gicd GICD_TYPER read'
recorded 'mmio n=50' '50 no device at 0xf000000, read'
recorded 'wfi n=50' '50 WFI'

begin "stock: times agree with the guest's own counter within 3 %"
rm -rf /tmp/recording
guest "$TL_GUESTS/exitbench.bin" --append 'hvc n=20000' --record /tmp/recording
status_is 0
each=$(sed -n 's/^20000 hypercalls, \([0-9]*\) ns each.*/\1/p' "$WORK/out")
run trapline report /tmp/recording --format json
away=$(tr -d ' \n' <"$WORK/out" | sed 's/.*"classes":\[//; s/\].*//' | grep -o '"total":[0-9]*' | awk -F: '{ n += $2 } END { print n }')
inside=$(tr -d ' \n' <"$WORK/out" | sed -n 's/.*"guest_ns":\([0-9]*\).*/\1/p')
off=$(((away + inside - each * 20000) * 1000 / (each * 20000)))
[ "${off#-}" -le 30 ] || problem "$away ns away, $inside ns in the guest, $each ns each: off by $off / 1000"
rm -rf /tmp/recording
end
