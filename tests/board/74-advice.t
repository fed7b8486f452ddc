# SPDX-License-Identifier: MIT
# shellcheck shell=dash
#
# Advice: for each rule a guest that makes it fire, and one like it that does not.

if ! trapline caps --json | grep -q '"bpf": true'; then
	skip 'advice' 'this kernel does not take the BPF programs'
	return 0
fi

# advice PROGRAM...: the rules that fired, in $WORK/rules.
advice() {
	run "$@" </dev/null
	sed -n 's/^  \([a-z-]*\): [0-9]* exits\{0,1\} (.*/\1/p' "$WORK/err" >"$WORK/rules"
}

# fires RULE STATUS ARGUMENTS [OPTION...]: this one, and first of all.
fires() {
	begin "advice: $3: $1"
	rule=$1 wanted=$2 arguments=$3
	shift 3
	advice trapline run "$TL_GUESTS/classes.elf" --append "$arguments" --profile "$@"
	status_is "$wanted"
	equal 'the advice' "$(head -n 1 "$WORK/rules")" "$rule"
	end
}

# silent ARGUMENTS [OPTION...]: no rule at all.
silent() {
	begin "advice: none on $1"
	arguments=$1
	shift
	advice trapline run "$TL_GUESTS/classes.elf" --append "$arguments" --profile "$@"
	equal 'the advice' "$(cat "$WORK/rules")" ''
	end
}

fires set-way 0 'setway n=300'
fires cache-id 0 'cacheid n=300'
fires uart-poll 0 'uartpoll n=300' --uart plain
fires uart-output 0 'uartout n=300'
fires pmu 0 'pmu n=300'
fires ipi 0 'ipi n=300' --cpus 2
fires idle 0 'wfi n=300'
fires nobody 0 'mmio n=300'
fires nisv 0 'nisv n=300'
for few in setway cacheid pmu; do
	silent "$few n=10"
done
silent 'uartpoll n=10' --uart plain
silent 'uartpoll n=300'
silent 'ipi n=20' --cpus 2
silent 'wfi n=100'
silent 'mmio n=10'
silent 'sysreg n=300'
silent 'hvc n=300'
silent 'gic n=300'
silent 'memory n=100'
silent 'pages n=100'

# robust: host.no-thp
begin 'advice: small-pages, where the host has no huge ones'
echo never >/sys/kernel/mm/transparent_hugepage/enabled
advice trapline run "$TL_GUESTS/classes.elf" --append 'pages n=100' --profile
echo always >/sys/kernel/mm/transparent_hugepage/enabled
equal 'the advice' "$(head -n 1 "$WORK/rules")" small-pages
end

begin 'advice: notify, on a virtio device of another VMM'
advice trapline profile --map qemu-virt -- trapline run "$TL_GUESTS/classes.elf" --append 'notify n=300'
equal 'the advice' "$(head -n 1 "$WORK/rules")" notify
end

# On VHE the guest's physical timer is its own.
if trapline caps --json | grep -q '"mode": "nVHE"'; then
	fires timer 0 'ptimer n=300'
	silent 'ptimer n=10'
fi

begin 'advice: the list, one of them, one that there is not'
run trapline advice
status_is 0
output_has '^  set-way +cache maintenance by set and way$'
run trapline advice set-way
status_is 0
output_has '^counts  DC ISW, DC CSW, DC CISW'
run trapline advice nonsense
refused 2 "no advice named 'nonsense'"
end
