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
