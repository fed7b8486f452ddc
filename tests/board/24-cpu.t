# SPDX-License-Identifier: MIT
# shellcheck shell=dash
#
# The guest's CPUs: features hidden and asked for, as a guest finds them in its
# identification registers and in /proc/cpuinfo; message-signalled interrupts;
# as many vCPUs as the host can have.

# A register out of what the guest idregs printed last: id NAME
id() {
	sed -n "s/^$1 0x//p" "$WORK/out" | tail -n 1
}

# linux COMMAND OPTION...: what Linux says to a command, which has no quotes.
linux() {
	inside=$1
	shift
	guest "$TL_GUESTS/Image" --initrd "$TL_GUESTS/linux.cpio.gz" --append "quiet trapline.run=\"$inside\"" "$@"
}

# The kernel's log, without the line that holds the command itself.
log='dmesg | grep -v command.line'

# gic_is VERSION: whether guests get that one here.
gic_is() {
	case $1 in
	3) trapline caps --json | grep -q '"gicv3": true' ;;
	2) ! gic_is 3 ;;
	esac
}

begin '--cpu help lists the features, and needs no kernel'
run trapline run --cpu help
status_is 0
output_has '^pmu  *(yes|no) '
output_has '^aarch32  *(yes|no)  *(yes|no|-|unknown)  *ID_AA64PFR0_EL1.EL0$'
output_has '^aes  *yes  *(yes|unknown)  *ID_AA64ISAR0_EL1.AES$'
error_lines 0
end

begin '--cpu: what is no feature, or neither on nor off'
guest "$TL_GUESTS/hello.bin" --cpu avx=on
refused 2 "--cpu 'avx': there is no such feature; see trapline run --cpu help"
guest "$TL_GUESTS/hello.bin" --cpu sve=maybe
refused 2 "--cpu 'sve=maybe': wants sve=on or sve=off"
end

begin '--cpu: a hidden feature is in no register of the guest, also behind a reset'
guest "$TL_GUESTS/idregs.bin"
status_is 0
aes=$(id id_aa64isar0_el1)
guest "$TL_GUESTS/idregs.bin" --cpu aes=off,crc32=off --append reset
if trapline run --cpu help | grep -q '^aes  *yes  *yes'; then
	status_is 0
	output_has '^again$'
	equal 'AES and CRC32 without it' "$(id id_aa64isar0_el1 | cut -c 12,15)" 00
	equal 'those of AArch32' "$(id id_isar5_el1 | cut -c 12,15)" 00
	# Nothing else has changed.
	equal 'the rest' "$(id id_aa64isar0_el1 | cut -c 1-11,13-14,16)" "$(echo "$aes" | cut -c 1-11,13-14,16)"
else
	refused 4 "--cpu aes=off: this host's KVM does not let .* be changed"
fi
end

begin '--cpu: what cannot be hidden is an error, and so is what is not there'
guest "$TL_GUESTS/hello.bin" --cpu advsimd=off
refused 4 "--cpu advsimd=off: this host's KVM does not let ID_AA64PFR0_EL1.AdvSIMD be changed"
missing=$(trapline run --cpu help | sed -n 's/^\([a-z0-9]*\)  *no  .*ID_.*/\1/p' | head -n 1)
guest "$TL_GUESTS/hello.bin" --cpu "$missing=on"
refused 4 "--cpu $missing=on: this host's guests do not have it"
end

# Each of KVM's own features: on where the host has it, else refused; off always.
for feature in pmu:id_aa64dfr0_el1:14 sve:id_aa64pfr0_el1:8 pauth:id_aa64isar1_el1:14,15 mte:id_aa64pfr1_el1:14; do
	name=${feature%%:*}
	register=${feature#*:}
	begin "--cpu $name"
	guest "$TL_GUESTS/idregs.bin" --cpu "$name=off"
	status_is 0
	equal "$name=off" "$(id "${register%:*}" | cut -c "${register#*:}" | tr -d 0)" ''
	guest "$TL_GUESTS/idregs.bin" --cpu "$name=on" --append reset --cpus 2
	if trapline run --cpu help | grep -q "^$name  *yes"; then
		status_is 0
		output_has '^again$'
		[ -n "$(id "${register%:*}" | cut -c "${register#*:}" | tr -d 0)" ] || problem "no $name"
	else
		refused 4 "--cpu $name=on: this host cannot give guests "
	fi
	end
done

begin 'linux: its CPUs are as --cpu says'
linux "grep Features /proc/cpuinfo; $log | grep -e PMU -e 32-bit" --cpu sha1=off,aarch32=off,pmu=on
status_is 0
output_has '^Features.* sha2 '
output_lacks '^Features.* sha1 '
output_lacks '32-bit EL0'
output_has 'armv8_pmuv3 PMU driver'
linux "grep Features /proc/cpuinfo; $log | grep -e PMU -e 32-bit"
status_is 0
output_has '^Features.* sha1 '
output_lacks 'PMU driver'
output_has '32-bit EL0 Support'
end

begin '--msi on: Linux finds an ITS or a GICv2m frame'
linux "$log | grep -e ITS -e GICv2m -e LPI" --msi on
status_is 0
if gic_is 3; then
	output_has 'ITS .mem 0x08080000-0x0809ffff'
	output_has 'CPU0: using allocated LPI pending table'
else
	output_has 'GICv2m: range.mem 0x08020000-0x08020fff., SPI.80:143'
fi
end

begin '--msi off, which is so without it: Linux finds none'
linux "$log | grep -e ITS -e GICv2m; echo done"
status_is 0
output_lacks 'ITS .mem|GICv2m'
output_has '^done'
guest "$TL_GUESTS/hello.bin" --msi maybe
refused 2 "--msi 'maybe': wants off or on"
end

begin '--msi on: a reset in place resets the ITS'
boots_twice "$TL_GUESTS/Image" --initrd "$TL_GUESTS/linux.cpio.gz" --msi on \
	--append "quiet trapline.run=\"$log | grep -e LPI; echo up; sleep 1; reboot -f\""
# "Booted with LPIs enabled, memory probably corrupted", "Can't disable LPIs"
output_lacks 'LPIs enabled|disable'
end

# robust: kvm.vcpus
begin 'vCPUs: 8, and more than there can be'
guest "$TL_GUESTS/smp.bin" --cpus 8
status_is 0
output_has '^8 cpus up$'
guest "$TL_GUESTS/hello.bin" --gic 2 --cpus 9
if gic_is 2; then
	refused 4 '--cpus 9: a GICv2 serves at most 8'
else
	refused 4 'cannot give guests a GICv2|a GICv2 serves at most 8'
fi
end

begin 'vCPUs: as many as KVM lets a VM have'
max=$(trapline caps --json | sed -n 's/.*"max_vcpus": \([0-9]*\).*/\1/p')
guest "$TL_GUESTS/idregs.bin" --cpus "$max" --append "cpus=$max"
status_is 0
if gic_is 3; then
	# Each has its redistributor, those behind RAM too; the last one says that it is.
	output_has "^redistributors $max\$"
	# The profiler tells the registers of both ranges apart.
	trapline run "$TL_GUESTS/hello.bin" --cpus 124 --record "$WORK/many" </dev/null >/dev/null 2>&1
	grep -q '"gicr@123"' "$WORK/many/vm.json" || problem 'the range behind RAM has no name of its own'
	last=$((max - 1))
	output_has "affinity 0x0*$(printf '%x' $(((last >> 4) << 8 | (last & 15))))\$"
fi
end
