# SPDX-License-Identifier: MIT
# shellcheck shell=dash
#
# Every guest does what it is for, with 1, 2 and 4 vCPUs where that matters.

for form in bin elf; do
	begin "hello.$form: its line, and exactly 15 exits to user space"
	guest "$TL_GUESTS/hello.$form" --profile="$WORK/hello.json"
	status_is 0
	output_has '^Hello, world!$'
	equal userspace_exits "$(total "$WORK/hello.json" userspace_exits)" 15
	end

	begin "hello.$form: nothing but its line without a profile"
	guest "$TL_GUESTS/hello.$form"
	status_is 0
	output_is 'Hello, world!'
	error_lines 0
	end
done

# Flat binary or ELF, device tree in x0 or looked for at the start of RAM.
for form in where.bin where.elf; do
	begin "$form: entered at RAM + 0x80000, with the device tree in x0 and at the start of RAM"
	guest "$TL_GUESTS/$form" --cpus 2 --append 'a b'
	status_is 0
	output_is "entry: 0x0000000040080000
x0: device tree, cpus 2, bootargs 'a b'
start of RAM: device tree, cpus 2, bootargs 'a b'"
	error_lines 0
	end
done

begin 'where0.elf: linked at the start of RAM, with the device tree elsewhere'
guest "$TL_GUESTS/where0.elf" --append 'a b'
status_is 0
output_is "entry: 0x0000000040000000
x0: device tree, cpus 1, bootargs 'a b'
start of RAM: no device tree"
error_lines 0
end

begin 'smp.elf: 2 vCPUs come up, as from the flat binary'
guest "$TL_GUESTS/smp.elf" --cpus 2
status_is 0
output_has '^2 cpus up$'
end

for n in 1 2 4; do
	begin "smp: $n vCPUs come up, each with its own MPIDR"
	guest "$TL_GUESTS/smp.bin" --cpus "$n"
	status_is 0
	equal 'the number of CPUs that spoke' "$(count "$WORK/out" '^cpu [0-9]: MPIDR 0x')" "$n"
	equal 'the number of different MPIDRs' \
		"$(sed -n 's/.*MPIDR //p' "$WORK/out" | sort -u | wc -l | tr -d ' ')" "$n"
	output_has "^$n cpus? up$"
	end
done

begin 'hvc: the version, through hypercalls only'
guest "$TL_GUESTS/hvc.bin" --profile="$WORK/hvc.json"
if trapline caps --json | grep -q '"smccc_filter": true'; then
	status_is 0
	output_has '^Trapline hypercalls, version 1\.1$'
else
	# Before Linux 6.4 KVM answers all hypercalls itself.
	output_has 'does not serve'
fi
end

begin 'exitbench: 10,000 hypercalls and their cost'
guest "$TL_GUESTS/exitbench.bin"
status_is 0
output_has '^10000 hypercalls, [0-9]+ ns each, [0-9]+ at best$'
end

for n in 1 2 4; do
	begin "linux: boots with $n vCPUs, prints its line and powers off"
	guest "$TL_GUESTS/Image" --initrd "$TL_GUESTS/linux.cpio.gz" --append quiet --cpus "$n"
	status_is 0
	output_has "^Linux 6\\.[0-9.]+.* up, $n cpus?"
	equal 'the number of lines' "$(wc -l <"$WORK/out" | tr -d ' ')" 1
	end
done

begin 'linux: runs the command of trapline.run='
guest "$TL_GUESTS/Image" --initrd "$TL_GUESTS/linux.cpio.gz" \
	--append 'quiet trapline.run="echo one  two; uname -m"'
status_is 0
output_has '^one two'
output_has '^aarch64'
output_lacks 'status'
end

begin 'linux: says the status of a command that failed'
guest "$TL_GUESTS/Image" --initrd "$TL_GUESTS/linux.cpio.gz" \
	--append 'quiet trapline.run="exit 42"'
status_is 0
output_has '^trapline.run: status 42'
end

begin 'linux: a command that is killed counts as 128 + signal'
guest "$TL_GUESTS/Image" --initrd "$TL_GUESTS/linux.cpio.gz" \
	--append "quiet trapline.run=\"kill -9 \$\$\""
status_is 0
output_has '^trapline.run: status 137'
end
