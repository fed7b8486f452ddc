# SPDX-License-Identifier: MIT
# shellcheck shell=dash
#
# The machine: what happens where no device is, resets, what the options show.

# robust: mmio.unmapped
begin 'mmio: a hole reads as zero and the guest goes on'
guest "$TL_GUESTS/mmio.bin"
status_is 0
equal 'the number of reads that gave zero' "$(count "$WORK/out" 'reads 0x0000000000000000')" 7
end

begin 'mmio: each address is logged once, with the PC'
guest "$TL_GUESTS/mmio.bin"
equal 'lines about 0xf000000' "$(count "$WORK/err" '0x0*f000000')" 1
equal 'lines about 0xf001008' "$(count "$WORK/err" '0x0*f001008')" 1
error_has '[Pp][Cc][ =:]*0x0*4008[0-9a-f]{4}'
end

begin 'nisv: a load with write-back is done, an exclusive one is an abort with a line that names it'
guest "$TL_GUESTS/nisv.bin"
status_is 0
output_has '^nisv: it went on with 0x0000000000000000 at 0x000000000f000008'
output_has '^guest: exception 4 .*FAR 0x000000000f000008'
output_lacks 'it went on$'
error_has 'PC 0x4008[0-9a-f]{4}: access to 0xf000008 by instruction 0xc85f7[0-9a-f]{3} \(LDXR, .* is not emulated'
end

# robust: mmio.execution
begin 'fault: a jump into nowhere is an abort in the guest'
guest "$TL_GUESTS/fault.bin"
status_is 0
output_has '^guest: exception 4 .*FAR 0x000000000f000000'
end

begin 'reset: SYSTEM_RESET starts the VM anew in place'
guest "$TL_GUESTS/reset.bin"
status_is 0
output_is 'reset: first start
reset: second start'
end

begin 'reset: also with several vCPUs'
guest "$TL_GUESTS/reset.elf" --cpus 4
status_is 0
output_has 'second start$'
end

begin 'linux: a reboot comes up again'
boots_twice "$TL_GUESTS/Image" --initrd "$TL_GUESTS/linux.cpio.gz" \
	--append 'quiet trapline.run="echo up; sleep 1; reboot -f"'
end

begin 'linux: what it says after a silence, just before it powers off, is not lost'
# The shell ends before a worker of the kernel's runs, which is to send it.
# shellcheck disable=SC2016 # the guest's $$
guest "$TL_GUESTS/Image" --initrd "$TL_GUESTS/linux.cpio.gz" \
	--append 'quiet trapline.run="renice -n -20 -p $$; echo up; sleep 1; echo last"'
status_is 0
output_has '^last'
end

begin '--dump-dtb writes the device tree that the guest gets'
guest "$TL_GUESTS/hello.bin" --dump-dtb "$WORK/virt.dtb" --cpus 2
status_is 0
equal 'its magic number' "$(od -An -tx1 -N4 "$WORK/virt.dtb" | tr -d ' ')" d00dfeed
for text in 'arm,pl011' 'arm,pl031' 'arm,pl061' 'gpio-keys' 'arm,psci-1.0' 'cpu@1' '/pl011@9000000'; do
	tr '\0' '\n' <"$WORK/virt.dtb" | grep -aqF -e "$text" || problem "no '$text' in it"
done
end

begin '--dump-dtb to where nothing can be written: status 1'
guest "$TL_GUESTS/hello.bin" --dump-dtb /nonexistent/virt.dtb
status_is 1
error_has '/nonexistent/virt.dtb'
end

begin '--show-layout says where everything lies'
guest "$TL_GUESTS/Image" --initrd "$TL_GUESTS/linux.cpio.gz" --append quiet --show-layout
status_is 0
for what in 0x0*40000000 0x0*9000000 initrd; do
	cat "$WORK/out" "$WORK/err" | grep -Eiq -e "$what" || problem "no '$what' in it"
done
end

begin '--show-layout says what --msi adds'
for gic in auto 2 3; do
	guest "$TL_GUESTS/hello.bin" --msi on --gic "$gic" --show-layout
	status_is 0
	case $gic in 2) its=0 ;; *) its=1 ;; esac
	case $gic in 3) v2m=0 ;; *) v2m=1 ;; esac
	equal "ITS, $gic" "$(count "$WORK/out" '^ITS +0x8080000')" "$its"
	equal "GICv2m, $gic" "$(count "$WORK/out" '^GICv2m +0x8020000 +SPI 48')" "$v2m"
done
end

begin '--mem is the RAM that Linux sees'
guest "$TL_GUESTS/Image" --initrd "$TL_GUESTS/linux.cpio.gz" --mem 512M \
	--append 'quiet trapline.run="head -1 /proc/meminfo"'
status_is 0
kb=$(sed -n 's/^MemTotal: *\([0-9]*\) kB.*/\1/p' "$WORK/out")
if [ "${kb:-0}" -lt 450000 ] || [ "${kb:-0}" -gt 524288 ]; then
	problem "MemTotal is '$kb' kB"
fi
end

# The emulated GICv3 has no GICv2 compatibility interface; a real one may.
if grep -q 'GICv3' /proc/interrupts; then
	begin '--gic 3 works on this host'
	guest "$TL_GUESTS/hello.bin" --gic 3
	status_is 0
	end
	if [ "$(hostname)" = board ]; then
		begin '--gic 2 is refused where the host cannot'
		guest "$TL_GUESTS/hello.bin" --gic 2
		refused 4 'GICv2'
		end
	fi
else
	begin '--gic 2 works on this host'
	guest "$TL_GUESTS/hello.bin" --gic 2
	status_is 0
	end
	begin '--gic 3 is refused where the host cannot'
	guest "$TL_GUESTS/hello.bin" --gic 3
	refused 4 'GICv3'
	end
fi
