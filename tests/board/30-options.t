# SPDX-License-Identifier: MIT
# shellcheck shell=dash
#
# Options that make no sense: one line, status 2, nothing started.

hello=$TL_GUESTS/hello.bin

# wrong NAME PATTERN ARGUMENT...
wrong() {
	begin "options: $1"
	pattern=$2
	shift 2
	run trapline "$@" </dev/null
	refused 2 "$pattern"
	end
}

wrong 'no kernel' 'kernel' run
wrong 'unknown option' '--bogus' run "$hello" --bogus
wrong 'unknown subcommand' 'bogus' bogus
wrong '--cpus 0' '--cpus' run "$hello" --cpus 0
wrong '--cpus words' '--cpus' run "$hello" --cpus two
wrong '--cpus -1' '--cpus' run "$hello" --cpus -1
wrong '--cpus 99999999999999999999' '--cpus' run "$hello" --cpus 99999999999999999999
wrong '--mem 0' '--mem' run "$hello" --mem 0
wrong '--mem of no size' '--mem' run "$hello" --mem lots
wrong '--mem that overflows' '--mem' run "$hello" --mem 99999999999999999999G
wrong '--gic 4' '--gic' run "$hello" --gic 4
wrong '--timeout of no number' '--timeout' run "$hello" --timeout soon
wrong '--timeout -5' '--timeout' run "$hello" --timeout -5
wrong 'option without its value' '--initrd' run "$hello" --initrd
wrong 'two kernels' 'hello' run "$hello" "$hello"

wrong '--mem of no kind' "--mem '64M,small': wants thp, huge or merge" run "$hello" --mem 64M,small
wrong '--mem with a hole at no place' "--mem '64M,hole=2M': wants hole=SIZE@OFFSET" run "$hello" --mem 64M,hole=2M
wrong '--mem with a small hole' "--mem '64M,hole=1M@8M': wants multiples of 2 MiB" run "$hello" --mem 64M,hole=1M@8M
wrong '--mem with a hole at the end' "--mem '64M,hole=2M@62M': wants a hole with RAM on both sides" run "$hello" --mem 64M,hole=2M@62M
wrong '--mem of odd huge pages' "--mem '65M,huge': must be a multiple of 2 MiB" run "$hello" --mem 65M,huge
wrong '--pin of no CPU' "--pin '0,x': wants CPUs such as 0,2-5" run "$hello" --pin 0,x
wrong '--pin backwards' "--pin '3-2': wants CPUs" run "$hello" --pin 3-2

begin '--pin: the threads of the vCPUs stay where they are put'
spin --cpus 2 --pin 1,0 --timeout 50
pid=$!
equal 'where they may run' "$(grep -h '^Name:\|^Cpus_allowed_list' /proc/$pid/task/*/status | tr '\n\t' '  ' | sed 's/Name: /\n/g' | sed -n 's/^vcpu \(.\) Cpus_allowed_list: \(.*\) $/\1:\2/p' | sort | tr '\n' ' ')" '0:1 1:0 '
kill "$pid"
wait "$pid" 2>/dev/null
guest "$hello" --pin 60000
refused 4 '^trapline: --pin: vCPU 0 cannot run on CPU 60000 of this host: Invalid argument$'
end

begin '--mem: huge pages that are reserved, or an error that says how'
guest "$hello" --mem 64M,huge
refused 4 'nr_hugepages'
echo 32 >/proc/sys/vm/nr_hugepages
guest "$hello" --mem 64M,huge
status_is 0
output_is 'Hello, world!'
echo 0 >/proc/sys/vm/nr_hugepages
guest "$hello" --mem 64M,merge
status_is 0
end

wrong 'no such file of options' "--config '$WORK/none': No such file" run "$hello" --config "$WORK/none"
printf 'cpus = 1\nbogus = 3\n' >"$WORK/bad.config"
wrong 'an option that is none in a file' "$WORK/bad.config:2: 'bogus' is no option" run --config "$WORK/bad.config"
printf 'cpus = none\n' >"$WORK/bad.config"
wrong 'a wrong value in a file' "$WORK/bad.config:1: cpus 'none': wants" run "$hello" --config "$WORK/bad.config"

begin '--config: what --print-config printed boots the same guest'
guest "$hello" --mem 64M --gic auto --cpus 2 --print-config
status_is 0
output_has '^mem = 64M$'
cp "$WORK/out" "$WORK/config"
guest --config "$WORK/config"
status_is 0
output_is 'Hello, world!'
guest --config "$WORK/config" --print-config --cpus 3
output_has '^cpus = 3$'
equal 'lines about CPUs' "$(grep -c '^cpus' "$WORK/out")" 1
end

begin '--help prints the usage and status 0'
run trapline run --help </dev/null
status_is 0
output_has '--initrd'
output_has '--timeout'
end

begin 'more vCPUs than KVM or the GIC allows are refused'
guest "$hello" --cpus 4096
status_in 2 4
error_lines 1
end
