# SPDX-License-Identifier: MIT
# shellcheck shell=dash
# shellcheck disable=SC2154 # status is set by run in lib.sh
#
# trapline exporter: what it says of VMs that come and go, and to whom.

address=127.0.0.1:19970

# scrape: what it serves, in $WORK/metrics.
scrape() {
	wget -q -O "$WORK/metrics" "http://$address/metrics" || problem 'it does not answer'
}

# host CLASS: exits of that class, of all VMs that there were.
host() {
	scrape
	sed -n "s/^trapline_host_exits_total{class=\"$1\"} //p" "$WORK/metrics"
}

# start_exporter: until it answers; its number is in $exporter.
start_exporter() {
	trapline exporter --listen "$address" >"$WORK/exporter" 2>&1 &
	exporter=$!
	wait_for "$WORK/exporter" 'metrics at port 19970'
}

# hypercalls N: how many hypercalls the exporter counts of a guest that makes N, and a few more.
hypercalls() {
	before=$(host HVC64)
	guest --append "hvc n=$1" "$TL_GUESTS/classes.elf"
	status_is 0
	after=$(host HVC64)
	echo $((after - ${before:-0}))
}

begin 'exporter: a guest that makes 1000 hypercalls more has 1000 more, also when it is gone'
start_exporter
few=$(hypercalls 10)
many=$(hypercalls 1010)
equal 'the difference' "$((many - few))" 1000
scrape
scrape
equal 'VMs that are told of' "$(count "$WORK/metrics" '^trapline_vm_info')" 0
end

begin 'exporter: two VMs, each with its own counters, and KVM agrees'
trapline run "$TL_GUESTS/spin.bin" >"$WORK/one" 2>&1 &
one=$!
trapline run --cpus 2 "$TL_GUESTS/spin.bin" >"$WORK/two" 2>&1 &
two=$!
wait_for "$WORK/one" 'spin: for ever'
wait_for "$WORK/two" 'spin: for ever'
scrape
for vm in $one $two; do
	file_has "$WORK/metrics" "^trapline_vm_info\\{vm=\"$vm\",name=\"\",program=\"trapline\"\\} 1"
	file_has "$WORK/metrics" "^trapline_detail_exits_total\\{vm=\"$vm\",class=\"DABT_LOW\",detail=\"pl011 UARTDR write\",handler=\"VMM\"\\} 15"
	ours=$(awk -v vm="$vm" '$0 ~ "^trapline_exits_total.vm=\"" vm "\"" { sum += $NF } END { print sum }' "$WORK/metrics")
	kvm=$(sed -n "s/^trapline_kvm_exits_total{vm=\"$vm\"} //p" "$WORK/metrics")
	# KVM was asked later, and the exit that is being handled is not counted here.
	[ $((kvm - ours)) -ge 0 ] || problem "of VM $vm: $ours exits, but $kvm by KVM"
	[ $((kvm - ours)) -le 200 ] || problem "of VM $vm: only $ours exits, $kvm by KVM"
done
kill "$one" "$two"
wait "$one" "$two"
scrape
scrape
equal 'VMs that are left' "$(count "$WORK/metrics" '^trapline_vm_info')" 0
end

begin 'exporter: only this machine is listened to, and what is not /metrics is refused'
run wget -O - "http://$address/other"
error_has '404 Not Found'
run wget -q --header 'Accept: application/openmetrics-text' -O - "http://$address/metrics"
status_is 0
equal 'the last line' "$(tail -n 1 "$WORK/out")" '# EOF'
run trapline exporter --listen "$address"
refused 1 "cannot listen at $address: .*in use"
run trapline exporter --listen nowhere
refused 1 'is no address to listen at'
run trapline exporter 127.0.0.1:80
refused 2 'is no option'
equal 'sockets that listen elsewhere' "$(awk '$4 == "0A" && $2 ~ /:4E02$/ && $2 !~ /^0100007F/' /proc/net/tcp)" ''
end

begin 'exporter: SIGTERM ends it'
kill -TERM "$exporter"
wait "$exporter"
equal 'its status' $? 0
error=$(cat "$WORK/exporter")
equal 'lines it has said' "$(printf '%s\n' "$error" | wc -l)" 1
end
