# SPDX-License-Identifier: MIT
#
# The kernel of the board and of the Linux guest, and its headers. scripts/kernel
# decides by hash whether anything is to be built; what decides that hash is listed
# here, so that make need not ask it on every run.

KERNEL_SRC ?=
KERNEL_SERIES ?= kernel/patches/6.12
KERNEL_CONFIG ?= kernel/config/board.config
export KERNEL_SRC KERNEL_SERIES KERNEL_CONFIG

KERNEL_INPUTS := scripts/kernel $(KERNEL_CONFIG) $(wildcard $(KERNEL_SERIES)/*.patch)

.PHONY: kernel distclean kernel-src-changed

kernel: $(BUILD)/kernel/Image ## build the kernel of the board and the guest (once; about five minutes)

# Another KERNEL_SRC than last time is another kernel.
KERNEL_STAMP := $(BUILD)/kernel.source
ifneq ($(KERNEL_SRC),$(if $(wildcard $(KERNEL_STAMP)),$(shell cat $(KERNEL_STAMP))))
$(KERNEL_STAMP): kernel-src-changed
endif
$(KERNEL_STAMP):
	$(Q)mkdir -p $(@D) && printf '%s\n' '$(KERNEL_SRC)' >$@

# The headers come first: what needs only them does not wait for the Image.
# Both stamps are in build/, because what is in the cache keeps its own times.
$(BUILD)/.kernel-headers: $(KERNEL_INPUTS) $(KERNEL_STAMP) | deps-kernel
	$(Q)scripts/kernel headers
	$(Q)touch $@

$(BUILD)/.kernel-image: $(BUILD)/.kernel-headers
	$(Q)scripts/kernel build
	$(Q)touch $@

$(BUILD)/kernel/include: $(BUILD)/.kernel-headers ;
$(BUILD)/kernel/Image $(BUILD)/kernel/vmlinux: $(BUILD)/.kernel-image ;

distclean: ## remove build/ and everything that this project keeps in the cache
	$(Q)scripts/kernel clean-cache
	$(Q)rm -rf $(BUILD)
