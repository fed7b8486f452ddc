# SPDX-License-Identifier: MIT
# shellcheck shell=dash
#
# Networks: bytes get through a TAP device and through passt whole; what takes a network away
# takes only the link away; passt ends with the VM; and an interface that cannot be one is
# refused. passt and iperf3 come with scripts/board --io-tools.

# net_guest OPTION...: in $WORK/script what the Linux guest does, from a disk.
net_guest() {
	dd if="$WORK/script" of="$WORK/script.disk" bs=8192 conv=sync 2>/dev/null
	set -- "$TL_GUESTS/Image" --initrd "$TL_GUESTS/linux.cpio.gz" --disk "$WORK/script.disk,ro" \
		--append 'quiet trapline.run="sh /dev/vda"' "$@"
	run trapline run "$@" </dev/null
}

# start_guest OPTION...: the same in the background, as $pid.
start_guest() {
	dd if="$WORK/script" of="$WORK/script.disk" bs=8192 conv=sync 2>/dev/null
	trapline run "$TL_GUESTS/Image" --initrd "$TL_GUESTS/linux.cpio.gz" --disk "$WORK/script.disk,ro" \
		--append 'quiet trapline.run="sh /dev/vda"' --timeout 100 "$@" </dev/null >"$WORK/out" 2>"$WORK/err" &
	pid=$!
}

# ended STATUS: waits for it.
ended() {
	wait "$pid"
	equal 'exit status' $? "$1"
}

kill_guest() {
	kill -KILL "$pid"
	wait "$pid" 2>/dev/null
}

# iperf_guest ADDRESS: what the guest does that has io.img as its second disk.
iperf_guest() {
	cat <<-END
		mkdir /io
		mount -t ext4 -o ro /dev/vdb /io
		. /io/use
		iperf3 -c $1 -n 16M && { iperf3 -c $1 -n 16M -R || { sleep 1; iperf3 -c $1 -n 16M -R; }; }
		echo "iperf3 status \$?"
		exit
	END
}

# iperf_server ADDRESS: until $server is killed.
iperf_server() {
	iperf3 -s -B "$1" >"$WORK/iperf" 2>&1 &
	server=$!
}

# no_network NAME OPTION STATUS PATTERN
no_network() {
	begin "net: $1"
	guest "$TL_GUESTS/hello.elf" --net "$2"
	refused "$3" "^trapline: --net '?$2'?: $4"
	end
}

no_network 'neither user nor a TAP device' bridge:br0 2 'wants user or tap:IF$'
no_network 'no name' tap: 2 'wants the name of an interface behind tap:$'
no_network 'a name that is too long' tap:a-name-of-16-chars 2 'wants the name of an interface behind tap:$'
no_network 'a MAC address of a group' user,mac=03:00:00:00:00:00 2 'wants mac= and the address of one interface'
no_network 'half a MAC address' user,mac=02:00:00 2 'wants mac= and the address of one interface'
no_network 'forwards of a TAP device' tap:tap0,hostfwd=tcp:1:2 2 'wants nothing but mac= behind tap:IF$'
no_network 'a forward of no protocol' user,hostfwd=sctp:1:2 2 'wants hostfwd=tcp:PORT:GUESTPORT'
no_network 'a forward of one port' user,hostfwd=tcp:1 2 'wants hostfwd=tcp:PORT:GUESTPORT'
no_network 'a port that is none' user,hostfwd=udp:1:65536 2 'wants hostfwd=tcp:PORT:GUESTPORT'
no_network 'an address that is none' user,hostfwd=udp:1.2.3:1:2 2 'wants hostfwd=tcp:PORT:GUESTPORT'
no_network 'an interface that is missing' tap:nothing0 3 "no such interface; 'ip tuntap add NAME mode tap user USER' makes one$"
no_network 'an interface that is no TAP device' tap:lo 3 'is not a TAP device'

if ! command -v tunctl >/dev/null || ! tunctl -t tltest0 >/dev/null 2>&1; then
	skip 'net: a TAP device' 'TAP devices cannot be made here (tunctl, /dev/net/tun)'
	return
fi
ifconfig tltest0 192.0.2.1 netmask 255.255.255.0 up
mkdir "$WORK/www"
head -c 12000000 /dev/urandom >"$WORK/www/file"
sum=$(md5sum "$WORK/www/file" | cut -d ' ' -f 1)
# In the foreground, so that it can be ended.
httpd -f -p 192.0.2.1:8000 -h "$WORK/www" &
server=$!

begin 'net: a TAP device: the guest pings the host and has an address that stays'
cat >"$WORK/script" <<'END'
ifconfig eth0 192.0.2.2
ping -c 3 -W 10 192.0.2.1
cat /sys/class/net/eth0/address /sys/class/net/eth0/mtu /sys/class/net/eth0/carrier
exit
END
net_guest --net tap:tltest0
status_is 0
output_has ' 0% packet loss'
mac=$(grep -E -m 1 '^02:..:..:..:..:00' "$WORK/out")
[ -n "$mac" ] || problem 'there is no address 02:..:00'
output_has '^1500'
net_guest --net tap:tltest0
equal 'the address of the next time' "$(grep -E -m 1 '^02:' "$WORK/out")" "$mac"
net_guest --net tap:tltest0,mac=02:11:22:aa:BB:cc
output_has '^02:11:22:aa:bb:cc'
end

begin 'net: a TAP device: a file gets there, and another one back'
cat >"$WORK/script" <<'END'
ifconfig eth0 192.0.2.2
wget -q -O /tmp/file http://192.0.2.1:8000/file
md5sum /tmp/file
httpd -p 80 -h /tmp
echo serves
read wait
END
start_guest --net tap:tltest0
wait_for "$WORK/out" '^serves'
timeout -s KILL 60 wget -q -O "$WORK/back" http://192.0.2.2/file
output_has "^$sum"
equal 'what came back' "$(md5sum "$WORK/back" | cut -d ' ' -f 1)" "$sum"
kill_guest
end

if [ -e "$TL_GUESTS/io.img" ] && command -v iperf3 >/dev/null; then
	begin 'net: a TAP device: iperf3 both ways'
	{
		echo ifconfig eth0 192.0.2.2
		iperf_guest 192.0.2.1
	} >"$WORK/script"
	iperf_server 192.0.2.1
	net_guest --net tap:tltest0 --disk "$TL_GUESTS/io.img,ro"
	kill "$server"
	output_has '^iperf3 status 0'
	equal 'results' "$(count "$WORK/out" 'MBytes.*receiver')" 2
	end
fi

begin 'net: a TAP device: after a reset in place under load it works again'
cat >"$WORK/script" <<'END'
ifconfig eth0 192.0.2.2
if [ "$(dd if=/dev/vdb bs=4 count=1 2>/dev/null)" != 1234 ]; then
	echo 1234 >/dev/vdb
	sync
	wget -q -O /dev/null http://192.0.2.1:8000/file &
	ping -c 2 192.0.2.1
	reboot -f
fi
wget -q -O /tmp/file http://192.0.2.1:8000/file
md5sum /tmp/file
exit
END
truncate -s 64K "$WORK/mark"
net_guest --net tap:tltest0 --disk "$WORK/mark"
status_is 0
output_has "^$sum"
end

begin 'net: a TAP device is one guest'\''s'
cat >"$WORK/script" <<'END'
echo up
read wait
exit
END
start_guest --net tap:tltest0
wait_for "$WORK/out" '^up'
timeout -s KILL 20 trapline run "$TL_GUESTS/hello.elf" --net tap:tltest0 >"$WORK/second" 2>&1
equal 'the status of the second' $? 3
grep -q '^trapline: --net tap:tltest0: is in use by another program$' "$WORK/second" ||
	problem 'the second was not told why'
kill_guest
end

# robust: tap.removed
begin 'net: a TAP device that is removed takes the link down, and only that'
cat >"$WORK/script" <<'END'
ifconfig eth0 192.0.2.2
ping -c 1 -W 10 192.0.2.1
echo up
tries=300
while [ "$(cat /sys/class/net/eth0/carrier)" = 1 ] && [ $tries -gt 0 ]; do
	ping -c 1 -W 1 192.0.2.1 >/dev/null
	tries=$((tries - 1))
done
ping -c 2 -W 1 192.0.2.1 >/dev/null
echo "carrier $(cat /sys/class/net/eth0/carrier)"
exit
END
start_guest --net tap:tltest0
wait_for "$WORK/out" '^up'
kill "$server"
ip link del tltest0
ended 0
output_has '^carrier 0'
error_lines 1
error_has '^trapline: warning: --net tap:tltest0: the interface is gone \(.*\): the guest'\''s link is down$'
end

begin 'net: passt that is not installed is named'
run env PATH=/nowhere "$(command -v trapline)" run "$TL_GUESTS/hello.elf" --net user </dev/null
refused 3 "^trapline: --net user: cannot start passt: it is not installed; 'apt install passt'"
end

if ! command -v passt >/dev/null; then
	skip 'net: user networking' 'there is no passt (scripts/board --io-tools)'
	return
fi
for namespace in user mnt ipc uts pid; do
	[ ! -e "/proc/self/ns/$namespace" ] || continue
	skip 'net: user networking' "this kernel has no namespaces for passt ($namespace)"
	return
done

need_default_route
httpd -f -p 127.0.0.1:8000 -h "$WORK/www" &
server=$!

# What the guest does first: an address by DHCP; $router is the host then.
user_guest() {
	cat <<-'END'
		printf '#!/bin/sh\n[ -z "$ip" ] || echo "ip=$ip subnet=$subnet router=$router" >/lease\n' >/udhcpc
		chmod +x /udhcpc
		ifconfig eth0 up
		udhcpc -q -n -t 10 -f -s /udhcpc >/dev/null 2>&1
		. /lease
		ifconfig eth0 $ip netmask $subnet
		route add default gw ${router%% *}
	END
	cat
}

begin 'net: user networking: DHCP, a file from the host, and passt ends with the VM'
user_guest >"$WORK/script" <<'END'
cat /sys/class/net/eth0/mtu
wget -q -O /tmp/file http://$router:8000/file
md5sum /tmp/file
exit
END
net_guest --net user
status_is 0
error_lines 0
output_has '^65520'
output_has "^$sum"
equal 'passt afterwards' "$(pidof passt)" ''
end

if [ -e "$TL_GUESTS/io.img" ] && command -v iperf3 >/dev/null; then
	begin 'net: user networking: iperf3 both ways'
	# shellcheck disable=SC2016 # the guest's variable
	iperf_guest '$router' | user_guest >"$WORK/script"
	iperf_server 127.0.0.1
	net_guest --net user --disk "$TL_GUESTS/io.img,ro"
	kill "$server"
	output_has '^iperf3 status 0'
	equal 'results' "$(count "$WORK/out" 'MBytes.*receiver')" 2
	end
fi

begin 'net: user networking: a port of the host leads to the guest; its passt ends with kill -9'
user_guest >"$WORK/script" <<'END'
wget -q -O /tmp/file http://$router:8000/file
httpd -p 80 -h /tmp
echo serves
read wait
END
start_guest --net user,hostfwd=tcp:127.0.0.1:2280:80,hostfwd=udp:2281:81
wait_for "$WORK/out" '^serves'
timeout -s KILL 60 wget -q -O "$WORK/back" http://127.0.0.1:2280/file
equal 'what came back' "$(md5sum "$WORK/back" | cut -d ' ' -f 1)" "$sum"
timeout -s KILL 30 trapline run "$TL_GUESTS/hello.elf" --net user,hostfwd=tcp:127.0.0.1:2280:80 </dev/null >"$WORK/second" 2>&1
equal 'status where the port is taken' $? 3
grep -q '^trapline: --net user: passt does not work: ' "$WORK/second" || problem 'the second was not told why'
kill_guest
tries=100
while pidof passt >/dev/null && [ $tries -gt 0 ]; do
	sleep 0.1
	tries=$((tries - 1))
done
equal 'passt afterwards' "$(pidof passt)" ''
end

begin 'net: user networking: the same of UDP, both ways'
tar -c -f "$WORK/tools.tar" -C "$TL_TESTS" sockcat
user_guest >"$WORK/script" <<'END'
tar xf /dev/vdb -C /tmp
echo serves
{ echo answer; sleep 1000; } | /tmp/sockcat -1 -l udp:0.0.0.0:81
END
start_guest --net user,hostfwd=udp:127.0.0.1:2281:81 --disk "$WORK/tools.tar,ro"
wait_for "$WORK/out" '^serves'
# One socket, as the guest answers the first one who sends; what is lost is sent again.
while sleep 0.5 && echo words by UDP; do :; done | "$TL_TESTS/sockcat" -1 udp:127.0.0.1:2281 >"$WORK/back" 2>/dev/null &
client=$!
wait_for "$WORK/out" '^words by UDP'
wait_for "$WORK/back" '^answer'
kill "$client"
wait "$client" 2>/dev/null
kill_guest
end

begin 'net: user networking: passt that is killed takes the link down, and only that'
user_guest >"$WORK/script" <<'END'
echo up
while [ "$(cat /sys/class/net/eth0/carrier)" = 1 ]; do
	ping -c 1 -W 1 $router >/dev/null
done
echo "carrier $(cat /sys/class/net/eth0/carrier)"
exit
END
start_guest --net user
wait_for "$WORK/out" '^up'
# shellcheck disable=SC2046 # one process
kill -KILL $(pidof passt)
ended 0
output_has '^carrier 0'
error_lines 1
error_has "^trapline: warning: --net user: passt has ended: the guest's link is down\$"
end

# boot N OPTION...: guest N of several, in the background, with a disk of its own.
boot() {
	n=$1
	shift
	truncate -s 8M "$WORK/own$n"
	: >"$WORK/out$n"
	trapline run "$TL_GUESTS/Image" --initrd "$TL_GUESTS/linux.cpio.gz" --disk "$WORK/script.disk,ro" \
		--disk "$WORK/own$n" --append "quiet trapline.run=\"sh /dev/vda $n\"" --timeout 200 "$@" \
		</dev/null >"$WORK/out$n" 2>&1 &
	guests="$guests $!"
}

begin 'net: three guests at once, each with its disk and its network: two passt, one TAP device'
tunctl -t tltest2 >/dev/null
ifconfig tltest2 192.0.2.65 netmask 255.255.255.192 up
{
	# shellcheck disable=SC2016 # the guest's variables
	echo 'if [ "$1" = 3 ]; then ifconfig eth0 192.0.2.66 netmask 255.255.255.192; router=192.0.2.65; else'
	user_guest </dev/null
	echo 'fi'
	cat <<-'END'
		echo up
		until wget -q -O /file http://$router:8001/file$1; do
			sleep 1
		done
		dd if=/file of=/dev/vdb bs=64k conv=fsync 2>/dev/null
		cmp -n $(stat -c %s /file) /file /dev/vdb && echo wrote
		exit
	END
} >"$WORK/script"
dd if="$WORK/script" of="$WORK/script.disk" bs=8192 conv=sync 2>/dev/null
guests=
boot 1 --net user
boot 2 --net user,hostfwd=tcp:127.0.0.1:2280:80
boot 3 --net tap:tltest2
for n in 1 2 3; do
	head -c $((4000000 + n)) /dev/urandom >"$WORK/www/file$n"
	wait_for "$WORK/out$n" '^up'
done
equal 'passt of two' "$(pidof passt | wc -w | tr -d ' ')" 2
# Nobody got anything before all of them were up.
httpd -f -p 127.0.0.1:8001 -h "$WORK/www" &
servers=$!
httpd -f -p 192.0.2.65:8001 -h "$WORK/www" &
servers="$servers $!"
for pid in $guests; do
	wait "$pid" || problem "one of them ended with status $?"
done
for n in 1 2 3; do
	grep -q '^wrote' "$WORK/out$n" || problem "guest $n: $(tail -n 3 "$WORK/out$n")"
	head -c $((4000000 + n)) "$WORK/own$n" | cmp -s - "$WORK/www/file$n" ||
		problem "what is on the disk of guest $n is not its file"
done
# shellcheck disable=SC2086 # two
kill $servers
ip link del tltest2
equal 'passt afterwards' "$(pidof passt)" ''
end

kill "$server"
ip link del tltest1 2>/dev/null
