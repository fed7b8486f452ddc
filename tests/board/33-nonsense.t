# SPDX-License-Identifier: MIT
# shellcheck shell=dash
#
# Guests that do made-up nonsense, hundreds of cases a run: the VMM stays up, or stops with its
# documented status; its memory, threads and files stay what they were. TL_CASES and TL_SEED in
# the environment make it longer (make hostile).

cases=${TL_CASES:-220}
seed=${TL_SEED:-1}
limit=$TEST_LIMIT
TEST_LIMIT=${TL_LIMIT:-$TEST_LIMIT}

# own_kib PID: KiB of the process that are not the guest's RAM.
own_kib() {
	awk '/^[0-9a-f]+-/ { ram = 0 } $1 == "Size:" && $2 >= 200000 { ram = 1 }
		$1 == "Rss:" && !ram { sum += $2 } END { print sum + 0 }' "/proc/$1/smaps"
}

# holds PID: what it has, in one line.
holds() {
	echo "$(own_kib "$1") $(find "/proc/$1/task" -maxdepth 1 -mindepth 1 | wc -l)" \
		"$(find "/proc/$1/fd" -mindepth 1 | wc -l)"
}

# nonsense CPUS SEED: guest/hostile with made-up cases. Sampled from the fortieth on, when each
# kind of case has been there.
nonsense() {
	rm -rf "$WORK/folder" "$WORK/holds"
	mkdir "$WORK/folder"
	echo words >"$WORK/folder/file"
	truncate -s 4M "$WORK/a"
	head -c 4194304 /dev/zero | tr '\0' b >"$WORK/b"
	cp "$WORK/b" "$WORK/b.before"
	trapline run "$TL_GUESTS/hostile.bin" --cpus "$1" --msi on --disk "$WORK/a" --disk "$WORK/b,ro" --rng --balloon \
		--port "$WORK/port:hostile" --share "$WORK/folder:hostile" --vsock "42,$WORK/vsock" \
		--append "cases=$cases seed=$2" --timeout "${TL_LIMIT:-200}" </dev/null >"$WORK/out" 2>"$WORK/err" &
	vmm=$!
	while kill -0 "$vmm" 2>/dev/null; do
		[ "$(count "$WORK/out" '^ok ')" -lt 40 ] || holds "$vmm" >>"$WORK/holds" 2>/dev/null
		sleep 0.5
	done
	wait "$vmm" || problem "its status is $?"
	tr -d '\r' <"$WORK/out" >"$WORK/lines"
	bad=$(grep -aEv '^(ok|skip|done|seed) ' "$WORK/lines" | head -n 3)
	[ -z "$bad" ] || problem "not as it must be: $bad"
	equal 'the last line' "$(tail -n 1 "$WORK/lines")" "done $cases cases"
	error_lacks '^trapline: [^w]'
	[ "$(wc -l <"$WORK/err")" -le 250 ] || problem "$(wc -l <"$WORK/err") lines on standard error"
	cmp -s "$WORK/b" "$WORK/b.before" || problem 'the disk that is only to be read has other bytes'
	# The last samples may be of one that was on its way out.
	most=$(awk 'NR == 1 { first = $1 } $1 - first > most { most = $1 - first } END { print most + 0 }' "$WORK/holds")
	[ "$(wc -l <"$WORK/holds")" -ge 2 ] || problem 'too few looks at what it holds'
	[ "$most" -le 1024 ] || [ -n "${TL_SANITIZER-}" ] || problem "its memory has grown by $most KiB"
	equal 'how many numbers of threads it had' "$(sed '$d' "$WORK/holds" | cut -d ' ' -f 2 | sort -u | wc -l | tr -d ' ')" 1
	echo "# $(tail -n 1 "$WORK/lines") from seed $2; grown by $most KiB; threads and files: $(sed -n '1s/^[0-9]* //p' "$WORK/holds")"
}

# robust: vq.others vq.race storm.interrupts mmio.sizes
begin "nonsense: $cases made-up cases from seed $seed, two CPUs"
nonsense 2 "$seed"
end

# psci ARGUMENT: guest/psci with two CPUs.
psci() {
	guest "$TL_GUESTS/psci.bin" --cpus 2 --append "$1" --timeout "${2:-$((TEST_LIMIT - 10))}"
}

# robust: smccc.reserved smccc.conduits psci.mpidr psci.on-twice
begin 'psci: random calls by both conduits, CPUs that are none, CPU_ON twice'
psci "calls cases=$((cases * 10)) seed=$seed"
status_is 0
output_has "^psci: [0-9]+ calls from seed $seed"
error_lines 0
end

# robust: psci.misaligned
begin 'psci: a CPU that starts at an odd address faults for ever, and the other one goes on'
psci misaligned
status_is 0
output_has '^psci: the other one is astray'
end

# robust: psci.all-off
begin 'psci: all CPUs off: status 124 when the time is up'
psci all-off 3
status_is 124
output_has '^psci: nobody is left'
error_lines 1
end

# robust: psci.off-and-reset
begin 'psci: OFF and RESET at once'
for _ in 1 2 3; do
	psci off-and-reset
	status_is 0
	output_lacks 'not ok'
	error_lines 0
done
end

# robust: psci.reset-loop
begin 'psci: 50 resets, with both CPUs at work'
psci 'reset-loop n=50'
status_is 0
output_has '^psci: starts 50'
error_lines 0
end
TEST_LIMIT=$limit
