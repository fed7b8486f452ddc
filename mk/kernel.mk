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

.PHONY: kernel kernel32 kernel-check kernel-matrix distclean kernel-src-changed

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

# The kernel of 32-bit guests, from the same source but for the series, which changes a host only.
KERNEL32_CONFIG := kernel/config/guest32.config

kernel32: $(BUILD)/kernel32/zImage ## build the kernel of 32-bit guests (once; some four minutes)

$(BUILD)/.kernel32: scripts/kernel $(KERNEL32_CONFIG) $(KERNEL_STAMP) | deps-kernel
	$(Q)KERNEL_ARCH=arm KERNEL_CONFIG=$(KERNEL32_CONFIG) KERNEL_SERIES=none KERNEL_LINK=kernel32 scripts/kernel build
	$(Q)touch $@

$(BUILD)/kernel32/zImage $(BUILD)/kernel32/vmlinux: $(BUILD)/.kernel32 ;

# Other kernels, for comparison: build/kernel-6.1, build/kernel-6.12-stock (unpatched), ...
# Nothing but what names them builds them.
KERNEL_OTHER := $(filter-out 6.12,$(notdir $(wildcard kernel/patches/*)))
$(BUILD)/.kernel-image-%: scripts/kernel $(KERNEL_CONFIG) $(wildcard kernel/patches/*/*.patch) | deps-kernel
	$(Q)KERNEL_SRC= KERNEL_VERSION=$(firstword $(subst -, ,$*)) KERNEL_LINK=kernel-$* \
		KERNEL_SERIES=$(if $(filter %-stock,$*),none) scripts/kernel build
	$(Q)touch $@

$(BUILD)/kernel-%/Image: $(BUILD)/.kernel-image-% ;
.PRECIOUS: $(BUILD)/.kernel-image-% $(BUILD)/kernel-%/Image

kernel-check: | deps-kernel ## whether the series for other kernel versions apply (builds nothing)
	$(Q)for v in $(KERNEL_OTHER); do KERNEL_SRC= KERNEL_SERIES= KERNEL_VERSION=$$v scripts/kernel check || exit 1; done

# Half an hour and more, the first time.
kernel-matrix: board-files $(KERNEL_OTHER:%=$(BUILD)/kernel-%/Image) \
		$(BUILD)/kernel-6.12-stock/Image $(BUILD)/kernel-6.1-stock/Image ## every version of the series, and stock kernels, on the board
	$(Q)scripts/kernel-matrix

distclean: ## remove build/ and everything that this project keeps in the cache
	$(Q)scripts/kernel clean-cache
	$(Q)rm -rf $(BUILD)
