# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2154 # what the chapters before have set
#
# Exits a second of the five programs, by what they were for. Part of bench/report-2014.

on_board loads loads.board.sh --with "$TL_TOP/build/board/programs.cpio"

# kinds NAME: exits beyond those of a guest that boots and does nothing: WHAT, BY, EXITS.
kinds() {
	jq -rn --slurpfile none "$BENCH_WORK/loads/none.json" --slurpfile with "$BENCH_WORK/loads/$1.json" '
		def kinds: [.details[] | {key: (.what + "|" + (if .handler == "user" then "VMM" else "kernel" end)), exits}]
			| group_by(.key) | map({key: .[0].key, value: (map(.exits) | add)}) | from_entries;
		($none[0] | kinds) as $base | $with[0] | kinds | to_entries[]
		| [(.key / "|")[], .value - ($base[.key] // 0)] | select(.[2] > 0) | @tsv'
}

# real NAME: ns that it took, with its profile.
real() {
	awk '$1 == "took" { print $3 }' "$BENCH_WORK/loads/$1.log" | head -n 1
}

# exits NAME: in all, beyond those of a guest that does nothing.
exits() {
	jq -n --slurpfile none "$BENCH_WORK/loads/none.json" --slurpfile with "$BENCH_WORK/loads/$1.json" \
		'$with[0].totals.exits - $none[0].totals.exits'
}

# kinds_table NAME...: exits a second by what they were for, a column each; kinds that are one in
# a hundred of a column's, or more.
kinds_table() {
	local name
	for name; do
		kinds "$name" | awk -F '\t' -v name="$name" -v ns="$(real "$name")" '{ print name "\t" $1 "\t" $2 "\t" $3 / ns * 1e9 }'
	done >"$BENCH_WORK/kinds"
	table 'exits a second' 'by' "$@"
	awk -F '\t' -v names="$*" '
		{ kind = $2 " | " $3; rate[$1, kind] = $4; sum[$1] += $4; if ($4 > most[kind]) most[kind] = $4; kinds[kind] }
		END {
			n = split(names, name, " ")
			for (kind in kinds) {
				shown = 0
				for (i = 1; i <= n; i++)
					shown = shown || rate[name[i], kind] >= sum[name[i]] / 100
				if (!shown)
					continue
				line = "| " kind " |"
				for (i = 1; i <= n; i++)
					line = line sprintf(" %.1f |", rate[name[i], kind])
				printf "%d\t%s\n", most[kind] * 10, line
			}
		}' "$BENCH_WORK/kinds" | sort -k 1,1nr | cut -f 2- >>"$BENCH_WORK/notes"
	local cells=()
	for name; do
		cells+=("**$(awk -v e="$(exits "$name")" -v ns="$(real "$name")" 'BEGIN { printf "%.1f", e / ns * 1e9 }')**")
	done
	row '**all**' '' "${cells[@]}"
	end_table
}

text <<END
### Exits a second, by what they are for

One guest a program, under \`--profile\`; the exits of a guest that boots and runs nothing are subtracted, the rest is
divided by the program's real time. Kinds that are at least one in a hundred of some program's exits. Reads of CTR_EL0 are
of the guest's kernel, which makes code visible page by page when a program begins: gsm and jpeg are four short programs
with shared libraries, so they have more of them.
END
kinds_table "${programs[@]}"
for name in "${programs[@]}"; do
	awk -F '\t' -v name="$name" '
		$1 == name {
			what = $2 ~ /^CTR_EL0/ ? "reads of CTR_EL0" : $2 ~ /vtimer/ ? "the guest'\''s own timer" : \
				$2 ~ /^host interrupt/ ? "interrupts of the host" : "all others"
			sum[what] += $4
		}
		END {
			n = split("reads of CTR_EL0|the guest'\''s own timer|interrupts of the host|all others", order, "|")
			for (i = 1; i <= n; i++)
				printf "%s\t%s\t%.1f\n", name, order[i], sum[order[i]]
		}' "$BENCH_WORK/kinds"
done | picture exits 'Exits a second of the five programs, by what they are for' -v unit='exits a second of virtual time'
