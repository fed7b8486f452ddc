# SPDX-License-Identifier: MIT
#
# What the machine must have: Debian packages by group, and the folder of ARM64
# libraries. Rules that need them depend on them order-only:
#     $(BUILD)/arm64/x.o: x.c | deps-build $(BUILD)/sysroot
# The group targets are cheap when nothing is missing, and so never stamped.

DEPS_GROUPS := build page kernel board test views fuzz lint bench fresh

.PHONY: deps $(DEPS_GROUPS:%=deps-%)

deps: ## install every Debian package that is missing, and say which
	$(Q)scripts/deps all

$(DEPS_GROUPS:%=deps-%): deps-%:
	$(Q)scripts/deps $*

# The link dangles when the cache was emptied; make then sees no target. Its time is that of
# the folder, which is in the cache: touched, so that it is newer than the list of packages.
$(BUILD)/sysroot: scripts/sysroot
	$(Q)scripts/sysroot $@
	$(Q)touch $@
