# SPDX-License-Identifier: MIT
#
# What a machine can see: format, static analysis, shell scripts, headers that
# compile on their own, and the program built by the other compiler.

LINT_C := $(sort $(shell find base vmm trace cli guest tests bench -name '*.[ch]'))
LINT_HEADERS := $(filter-out %.bpf.h,$(filter base/%.h vmm/%.h trace/%.h cli/%.h,$(LINT_C)))
LINT_BPF_HEADERS := $(filter %.bpf.h,$(LINT_C))
LINT_SCRIPTS := $(sort $(shell grep -lE '^\#!.*\bsh$$|^\#!.*\bbash$$' -r scripts board bench .ci tests/board) \
	cli/completion/trapline $(wildcard scripts/lib/*.sh tests/board/*.sh tests/board/*.t tests/pc/*.sh tests/pc/*.t bench/*.sh bench/report/*.sh))
CLANG ?= clang
LINT_GEN := $(BUILD)/gen/version_gen.h $(BUILD)/gen/sysreg_table.h $(BUILD)/gen/syscall_table.h $(BUILD)/gen/terminfo_table.h
CLANG_TARGET := --target=aarch64-linux-gnu

LINT_MAN := $(sort $(wildcard docs/man/*.1))

.PHONY: lint lint-man lint-format lint-tidy lint-shell lint-headers lint-clang compile_commands.json

lint: lint-format lint-man lint-shell lint-robustness lint-headers lint-clang lint-tidy ## format, static analysis, shell scripts, headers
	@printf 'lint: nothing to complain about\n'

lint-format: | deps-lint
	$(call say,FORMAT,"$(words $(LINT_C)) files")
	$(Q)clang-format --dry-run -Werror $(LINT_C)

lint-man: | deps-lint
	$(call say,MAN,"$(words $(LINT_MAN)) manual pages")
	$(Q)mandoc -T lint -W warning $(LINT_MAN)

lint-shell: | deps-lint
	$(call say,SHELL,"$(words $(LINT_SCRIPTS)) scripts")
	$(Q)shellcheck -x $(LINT_SCRIPTS)

lint-headers: | deps-lint deps-build $(SYSROOT) $(BUILD)/kernel/include $(LINT_GEN) $(PAGE_ASSETS)
	$(call say,HEADERS,"$(words $(LINT_HEADERS)) headers")
	$(Q)for h in $(LINT_HEADERS); do printf '#include "%s"\n' $$h | \
		$(PROGRAM_CC) $(PROGRAM_CFLAGS) -fsyntax-only -x c - || exit 1; done
	$(Q)for h in $(LINT_BPF_HEADERS); do printf '#include "%s"\n' $$h | \
		clang $(BPF_CFLAGS) -fsyntax-only -x c - || exit 1; done

# Every source again, by clang.
lint-clang: | deps-lint deps-build $(SYSROOT) $(BUILD)/kernel/include $(LINT_GEN) $(PAGE_ASSETS)
	$(call say,CLANG,"$(words $(PROGRAM_SOURCES)) sources")
	$(Q)printf '%s\n' $(PROGRAM_SOURCES) | xargs -P 2 -n 8 \
		$(CLANG) $(CLANG_TARGET) $(PROGRAM_CFLAGS) -fsyntax-only

lint-tidy: compile_commands.json | deps-lint
	$(call say,TIDY,"$(words $(PROGRAM_SOURCES)) sources")
	$(Q)printf '%s\n' $(PROGRAM_SOURCES) | xargs -P 2 -n 4 clang-tidy --quiet -p . 2>$(BUILD)/tidy.log || \
		{ cat $(BUILD)/tidy.log; exit 1; }

compile_commands.json: | deps-build $(SYSROOT) $(BUILD)/kernel/include $(LINT_GEN) $(PAGE_ASSETS) ## for editors and clang-tidy
	@{ printf '['; separator=; for f in $(PROGRAM_SOURCES); do \
		printf '%s\n{"directory":"%s","file":"%s","command":"clang $(CLANG_TARGET) $(PROGRAM_CFLAGS) -c %s"}' \
			"$$separator" '$(CURDIR)' "$$f" "$$f"; separator=,; done; printf '\n]\n'; } >$@

.PHONY: lint-robustness robustness
lint-robustness:
	$(call say,ROBUST,tests/bad-input.txt)
	$(Q)scripts/robustness --check

robustness: ## docs/robustness.md: what must be survived, and the tests that try it
	$(Q)scripts/robustness
