# SPDX-License-Identifier: MIT
# shellcheck shell=dash
# shellcheck disable=SC2154 # WORK is the runner's, status that of run
#
# Bash's completion of every command and option, as Bash would ask for it, and the manual pages:
# what --help of each command has must be in both. The program is one that can do nothing but
# tell its options, so that those of arm64 are here, too.

program=$TL_TOP/build/host/help/trapline
cat >"$WORK/complete" <<'END'
# complete WORD...: what Bash offers for the last of these, as `trapline WORD...` is typed.
. "$TL_TOP/cli/completion/trapline"
compopt() { :; }
program=$1
shift
COMP_WORDS=("$program" "$@")
COMP_CWORD=$#
_trapline
printf '%s\n' "${COMPREPLY[@]}"
END

# completes EXPECTED WORD...: what is offered, in order, blanks between.
completes() {
	expected=$1
	shift
	equal "what is offered for '$*'" \
		"$(bash "$WORK/complete" "$program" "$@" | sort | tr '\n' ' ' | sed 's/^ *//; s/ *$//')" "$expected"
}

# options COMMAND: all long options of its --help, a line each.
options() {
	"$program" "$1" --help | grep -oE '^  (-[a-zA-Z], )?--[a-z0-9-]+' | grep -oE -- '--[a-z0-9-]+'
}

commands=$("$program" --help | sed -nE 's/^  ([a-z]+) .*/\1/p' | grep -v '^help$')

begin 'help: lists the commands; of one, what its --help prints'
equal 'commands' "$(echo "$commands" | grep -cE '^(run|ctl|profile|record|report|diff|advice|caps)$')" 8
for command in $commands; do
	"$program" "$command" --help >"$WORK/help"
	run "$program" help "$command"
	status_is 0
	equal "the same of $command" "$(cat "$WORK/out")" "$(cat "$WORK/help")"
	[ -s "$WORK/out" ] || problem "nothing of $command"
done
run "$program" help bogus
refused 2 "^trapline: unknown command 'bogus'; see trapline --help\$"
run "$program" help run ctl
refused 2 'one command at a time'
end

begin 'completion: every command, and every option of each'
completes "$(printf "%s\n" "$commands" help --help | sort | tr '\n' ' ' | sed 's/ $//')" ''
for command in $commands; do
	[ -n "$(options "$command")" ] || problem "$command has no option"
	completes "$(options "$command" | sort | tr '\n' ' ' | sed 's/ $//')" "$command" --
	for option in $(options "$command"); do
		bash "$WORK/complete" "$program" "$command" "$option" | grep -qx -- "$option" ||
			problem "$command $option is not offered"
	done
done
end

begin 'completion: values, arguments, and what is another program'
mkdir "$WORK/folder"
touch "$WORK/folder/file one" "$WORK/folder/file2"
completes '2 3 auto' run --gic ''
completes 'plain' run --uart p
completes 'plain' run --uart = p
completes 'fast plain' run --uart =
completes '' run --cpus ''
completes '' run --cpu ''
completes "$WORK/folder/file one $WORK/folder/file2" run --initrd "$WORK/folder/fi"
completes "$WORK/folder/file2" run --profile = "$WORK/folder/file2"
completes "$WORK/folder/file2" record -o "$WORK/folder/file2"
completes "$WORK/folder" report "$WORK/fold"
completes "$WORK/folder" diff --per total --all "$WORK/folder" "$WORK/fold"
completes 'none second total' diff a --per ''
completes 'profile' ctl --json socket pr
completes 'report' help repo
completes '' caps ''
completes 'basename' record -o x -- basenam
completes '' bogus --
# That one has the rules, too.
program=trapline
completes 'cache-id' advice cache
program=$TL_TOP/build/host/help/trapline
end

begin 'manual pages: each command has one, with all its options'
for command in $commands; do
	page=$TL_TOP/docs/man/trapline-$command.1
	[ -f "$page" ] || problem "$command has none"
	for option in $(options "$command"); do
		grep -qE -- "(Fl|,) -${option#--}( |\$)" "$page" || problem "no $option in that of $command"
	done
	grep -q "trapline-$command 1" "$TL_TOP/docs/man/trapline.1" || problem "trapline.1 does not name $command"
done
end
