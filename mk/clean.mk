# SPDX-License-Identifier: MIT
#
# clean leaves kernels and ARM64 libraries in the cache; distclean (kernel.mk) does not.

.PHONY: clean fresh

clean: ## remove build/ (kernels and libraries stay in the cache)
	$(Q)rm -rf $(BUILD) compile_commands.json

SUITE ?= bookworm
fresh: | deps-fresh ## the README's commands in a minimal chroot: make fresh SUITE=bookworm|trixie
	$(Q)scripts/fresh $(SUITE)
