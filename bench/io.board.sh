# SPDX-License-Identifier: MIT
# shellcheck shell=dash
#
# The board's half of `make bench-io`: requests to a disk and packets to a TAP device by the
# guest iobench, under each VMM; a boot with a disk, for the memory; the path of an access that
# user space answers, beside a bare loop of KVM_RUN. Each run leaves files in $TL_OUT.

set -e
guests=$TL_GUESTS

# run NAME [OPTION...] -- COMMAND...: under `measure`; what it printed is NAME.log.
run() {
	name=$1
	shift
	measure -o "$TL_OUT/$name" "$@" >"$TL_OUT/$name.log" 2>&1 ||
		{ echo "$name: status $?"; cat "$TL_OUT/$name.log"; exit 1; }
}

disk=/tmp/disk
dd if=/dev/zero of=$disk bs=1M count=2 2>/dev/null
tunctl -t tap0 >/dev/null
ifconfig tap0 up
sysctl -q -w net.ipv6.conf.tap0.disable_ipv6=1 2>/dev/null || :

qemu() {
	qemu="qemu-system-aarch64 -M virt,gic-version=3 -accel kvm -cpu host -smp 1 -m 128M -nodefaults
		-no-user-config -display none -no-reboot -serial stdio -global virtio-mmio.force-legacy=false"
}
qemu

# both NAME APPEND TRAPLINE-OPTIONS QEMU-OPTIONS: exits alone, then time alone.
both() {
	for kind in events time; do
		events=
		[ "$kind" = time ] || events=-e
		# shellcheck disable=SC2086 # lists of words
		run "$1-$kind.trapline" $events -- trapline run "$guests/iobench.bin" --mem 128M --append "$2" $3
		# shellcheck disable=SC2086
		run "$1-$kind.qemu" $events -- $qemu -kernel "$guests/iobench.bin" -append "$2" $4
	done
}

for depth in 1 32; do
	for n in 1280 11520; do
		both "blk-$depth-$n" "n=$n depth=$depth" "--disk $disk" \
			"-nic none -drive if=none,id=d,file=$disk,format=raw -device virtio-blk-device,drive=d"
		both "net-$depth-$n" "net n=$n depth=$depth" "--net tap:tap0" \
			"-netdev tap,id=n,ifname=tap0,script=no,downscript=no -device virtio-net-device,netdev=n"
	done
done

linux="$guests/Image --initrd $guests/linux.cpio.gz"
# shellcheck disable=SC2086
run memory.trapline -m 'Linux 6' -r 131072 -- trapline run $linux --mem 128M --disk $disk --append quiet
# shellcheck disable=SC2086
run memory.qemu -m 'Linux 6' -r 131072 -- $qemu -nic none -drive if=none,id=d,file=$disk,format=raw \
	-device virtio-blk-device,drive=d -kernel "$guests/Image" -initrd "$guests/linux.cpio.gz" -append 'console=ttyAMA0 quiet'
trapline run -v "$guests/hello.bin" --mem 128M --disk $disk >"$TL_OUT/start.log" 2>&1

trapline run "$guests/exitbench.bin" --mem 64M --append mmio --dump-dtb /tmp/dtb
run mmio.trapline -- trapline run "$guests/exitbench.bin" --mem 64M --append mmio
run mmio.bare -- bare "$guests/exitbench.bin" /tmp/dtb
# shellcheck disable=SC2086
run mmio.qemu -- $qemu -nic none -kernel "$guests/exitbench.bin" -append mmio
qemu-system-aarch64 --version | head -n 1 >"$TL_OUT/qemu.version"
