# SPDX-License-Identifier: MIT
# shellcheck shell=dash disable=SC2016 # what is in single quotes is for the guest's shell
#
# Small things: the memory of the process, random numbers, the balloon, the console by virtio
# and its ports.

# linux COMMAND OPTION...: a Linux guest that runs the command.
linux() {
	command=$1
	shift
	guest "$TL_GUESTS/Image" --initrd "$TL_GUESTS/linux.cpio.gz" --append "quiet trapline.run=\"$command\"" "$@"
}

# mapped PID: KiB of the program's code that are mapped; and how many there are.
mapped() {
	awk '/^[0-9a-f]+-/ { code = $2 ~ /x/ && $6 ~ /trapline/ }
		code && $1 == "Size:" { size = $2 } code && $1 == "Rss:" { rss = $2 }
		END { print rss, size }' "/proc/$1/smaps"
}

begin 'memory: the code of the start is not kept'
trapline run "$TL_GUESTS/spin.bin" --mem 16M </dev/null >"$WORK/guest" 2>&1 &
vmm=$!
wait_for "$WORK/guest" 'for ever'
# shellcheck disable=SC2046 # two words
set -- $(mapped "$vmm")
echo "# $1 of $2 KiB of code are mapped"
[ $(($1 * 2)) -lt "$2" ] || problem "$1 of $2 KiB of code are mapped"
kill -KILL "$vmm"
wait "$vmm" 2>/dev/null
end

begin 'rng: random numbers of the host'
linux 'cat /sys/class/misc/hw_random/rng_current; head -c 10000 /dev/hwrng >/a; head -c 10000 /dev/hwrng >/b; wc -c /a /b; cmp -s /a /b || echo differ; gzip </a | wc -c' --rng
status_is 0
output_has '^virtio_rng'
output_has '10000 /a'
output_has '10000 /b'
output_has '^differ'
[ "$(tr -d '\r' <"$WORK/out" | grep '^[0-9]*$' | tail -n 1)" -gt 9900 ] || problem 'it can be compressed'
end

begin 'balloon: the guest gives back what it is asked for'
linux 'until set -- $(grep MemAvailable /proc/meminfo); [ $2 -lt 160000 ]; do sleep 0.2; done; echo low' --balloon=80M --timeout 55
status_is 0
output_has '^low'
end

# How much memory a guest that has filled 40 MB and freed them holds then; Rss in KiB.
begin "balloon: memory that the guest has freed is the host's again"
mkfifo "$WORK/balloon.in"
trapline run "$TL_GUESTS/Image" --initrd "$TL_GUESTS/linux.cpio.gz" --balloon --timeout 100 \
	--append 'quiet trapline.run="head -c 40000000 /dev/zero >/f; echo filled; read x; rm /f; echo freed; read x"' \
	<"$WORK/balloon.in" >"$WORK/out" 2>"$WORK/err" &
vmm=$!
exec 3>"$WORK/balloon.in"
wait_for "$WORK/out" '^filled'
full=$(awk '/^VmRSS/ { print $2 }' "/proc/$vmm/status")
echo >&3
wait_for "$WORK/out" '^freed'
tries=200
while
	left=$(awk '/^VmRSS/ { print $2 }' "/proc/$vmm/status")
	[ "$tries" -gt 0 ] && [ "$left" -gt $((full - 25000)) ]
do
	tries=$((tries - 1))
	sleep 0.2
done
[ "$left" -le $((full - 25000)) ] || problem "it had $full KiB and has $left KiB"
echo >&3
exec 3>&-
wait "$vmm" || problem "its status is $?"
end

begin 'balloon: wrong options'
guest "$TL_GUESTS/hello.elf" --balloon=much
refused 2 "^trapline: --balloon 'much': wants a size such as 64M\$"
end

begin 'console: hvc0 is standard input and output'
(
	wait_for "$WORK/out" '^ask'
	echo some words
) | run trapline run "$TL_GUESTS/Image" --initrd "$TL_GUESTS/linux.cpio.gz" --console virtio \
	--append 'console=hvc0 quiet trapline.run="echo ask; read x; echo I heard $x; cat /sys/devices/virtual/tty/console/active"'
output_has '^I heard some words'
output_has '^hvc0'
end

begin 'console: the whole log through it'
guest "$TL_GUESTS/Image" --initrd "$TL_GUESTS/linux.cpio.gz" --console virtio --append 'console=hvc0'
status_is 0
output_has '^Freeing unused kernel memory'
output_has '^Linux .* up, 1 cpu'
end

begin 'console: ports are sockets of the host, for bytes in both directions'
cp "$TL_TESTS/lib.sh" "$WORK/file"
for _ in 1 2 3 4 5 6 7 8; do cat "$WORK/file" "$WORK/file" >"$WORK/more" && mv "$WORK/more" "$WORK/file"; done
trapline run "$TL_GUESTS/Image" --initrd "$TL_GUESTS/linux.cpio.gz" --port "$WORK/first:first" --port "$WORK/second:second" --timeout 100 \
	--append 'quiet trapline.run="cat /sys/class/virtio-ports/*/name; echo up; until [ -s /f ]; do cat /dev/vport0p1 >/f; done; echo end of file; head -c 1 /dev/vport0p2; cat /f /f >/dev/vport0p2; md5sum /f"' \
	</dev/null >"$WORK/out" 2>"$WORK/err" &
vmm=$!
wait_for "$WORK/out" '^up'
"$TL_TESTS/sockcat" "unix:$WORK/first" <"$WORK/file" >/dev/null &
# What the guest writes to nobody is lost: it waits for a word.
echo | "$TL_TESTS/sockcat" -1 "unix:$WORK/second" >"$WORK/back"
wait "$vmm" || problem "its status is $?"
sum=$(md5sum <"$WORK/file" | cut -d ' ' -f 1)
grep -q "^$sum" "$WORK/out" || problem "the guest got something else"
equal 'what came back' "$(md5sum <"$WORK/back")" "$(cat "$WORK/file" "$WORK/file" | md5sum)"
[ ! -e "$WORK/first" ] || problem 'the socket is still there'
end

begin 'console: wrong options'
guest "$TL_GUESTS/hello.elf" --console serial
refused 2 "^trapline: --console 'serial': wants pl011 or virtio\$"
guest "$TL_GUESTS/hello.elf" --port "$WORK/nowhere"
refused 2 "^trapline: --port '$WORK/nowhere': wants SOCKET:NAME"
guest "$TL_GUESTS/hello.elf" --port "/nonexistent/s:name"
refused 3 "^trapline: --port '/nonexistent/s': No such file or directory\$"
guest "$TL_GUESTS/hello.elf" --port "$WORK/file:name"
refused 3 "^trapline: --port '$WORK/file': is there already, and is no socket\$"
end

# The guest's own root file system has no program for it: it comes as an archive on a disk.
cp "$TL_TESTS/sockcat" "$WORK/sockcat"
tar -c -f "$WORK/tools.tar" -C "$WORK" sockcat

begin 'vsock: the guest connects to the host, and the host to the guest'
"$TL_TESTS/sockcat" -l vsock:2:700 </dev/null >"$WORK/heard" 2>"$WORK/heard.err" &
listener=$!
trapline run "$TL_GUESTS/Image" --initrd "$TL_GUESTS/linux.cpio.gz" --vsock 42 --disk "$WORK/tools.tar,ro" --timeout 100 \
	--append 'quiet trapline.run="tar xf /dev/vda; head -c 3000000 /dev/urandom >/f; md5sum /f; ./sockcat vsock:2:700 </f; echo listening; ./sockcat -l vsock:4294967295:800 </f >/g; cat /g"' \
	</dev/null >"$WORK/out" 2>"$WORK/err" &
vmm=$!
wait_for "$WORK/out" '^listening'
tries=100
until echo words for the guest | "$TL_TESTS/sockcat" vsock:42:800 >"$WORK/back" 2>/dev/null || [ "$tries" -eq 0 ]; do
	tries=$((tries - 1))
	sleep 0.1
done
wait "$vmm" || problem "its status is $?"
kill "$listener" 2>/dev/null
wait "$listener" 2>/dev/null
sum=$(sed -n 's/^\([0-9a-f]\{32\}\) .*/\1/p' "$WORK/out")
equal 'what the host heard' "$(md5sum <"$WORK/heard" | cut -d ' ' -f 1)" "$sum"
equal 'what came back' "$(md5sum <"$WORK/back" | cut -d ' ' -f 1)" "$sum"
output_has '^words for the guest'
end

begin 'vsock: UNIX sockets of the host instead, both ways'
"$TL_TESTS/sockcat" -l "unix:$WORK/vsock_700" </dev/null >"$WORK/heard" 2>"$WORK/heard.err" &
listener=$!
until [ -S "$WORK/vsock_700" ]; do sleep 0.1; done
trapline run "$TL_GUESTS/Image" --initrd "$TL_GUESTS/linux.cpio.gz" --vsock "42,$WORK/vsock" --disk "$WORK/tools.tar,ro" --timeout 100 \
	--append 'quiet trapline.run="tar xf /dev/vda; head -c 3000000 /dev/urandom >/f; md5sum /f; ./sockcat vsock:2:701 </f || echo nobody at 701; ./sockcat vsock:2:700 </f; echo listening; ./sockcat -l vsock:4294967295:800 </f >/g; cat /g; ./sockcat -l vsock:4294967295:801 </dev/null"' \
	</dev/null >"$WORK/out" 2>"$WORK/err" &
vmm=$!
wait_for "$WORK/out" '^listening'
tries=100
until { echo CONNECT 800; echo words for the guest; } | "$TL_TESTS/sockcat" "unix:$WORK/vsock" >"$WORK/back" 2>/dev/null &&
	[ -s "$WORK/back" ] || [ "$tries" -eq 0 ]; do
	tries=$((tries - 1))
	sleep 0.1
done
# It is not to power off before all of it was read here.
until echo CONNECT 801 | "$TL_TESTS/sockcat" "unix:$WORK/vsock" 2>/dev/null | grep -q '^OK' || [ "$tries" -eq 0 ]; do
	tries=$((tries - 1))
	sleep 0.1
done
wait "$vmm" || problem "its status is $?"
wait "$listener"
sum=$(sed -n 's/^\([0-9a-f]\{32\}\) .*/\1/p' "$WORK/out")
equal 'what the host heard' "$(md5sum <"$WORK/heard" | cut -d ' ' -f 1)" "$sum"
equal 'the answer' "$(head -n 1 "$WORK/back" | grep -c '^OK [0-9]*$')" 1
equal 'what came back' "$(tail -n +2 "$WORK/back" | md5sum | cut -d ' ' -f 1)" "$sum"
output_has '^nobody at 701'
output_has '^words for the guest'
[ ! -e "$WORK/vsock" ] || problem 'the socket is still there'
end

begin 'vsock: wrong options'
guest "$TL_GUESTS/hello.elf" --vsock 42,
refused 2 "^trapline: --vsock '42,': wants a path behind the comma\$"
guest "$TL_GUESTS/hello.elf" --vsock 42,/nonexistent/s
refused 3 "^trapline: --vsock '/nonexistent/s': No such file or directory\$"
end

begin 'vsock: a CID that another VM has'
spin --vsock 42 --timeout 60
vmm=$!
guest "$TL_GUESTS/hello.elf" --vsock 42
refused 3 '^trapline: --vsock: another VM has this CID$'
kill "$vmm"
wait "$vmm" 2>/dev/null
guest "$TL_GUESTS/hello.elf" --vsock 42
status_is 0
guest "$TL_GUESTS/hello.elf" --vsock 2
refused 2 "^trapline: --vsock '2': wants a number from 3 to 4294967294\$"
end

begin 'small devices: after a reset in place they are there again'
guest "$TL_GUESTS/Image" --initrd "$TL_GUESTS/linux.cpio.gz" --vsock 43 --rng --balloon --disk "$WORK/tools.tar" --timeout 100 \
	--append 'quiet trapline.run="head -c 8 /dev/hwrng | wc -c; if [ $(head -c 7 /dev/vda) = sockcat ]; then dd if=/dev/zero of=/dev/vda bs=4096 count=1 conv=fsync 2>/dev/null; reboot -f; fi; ls /dev/vsock; echo twice"'
status_is 0
output_has '^twice'
equal 'random numbers' "$(tr -d '\r' <"$WORK/out" | grep -c '^8$')" 2
end
