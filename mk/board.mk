# SPDX-License-Identifier: MIT
#
# The board's root file system, and the targets that run something on the board.
# Where this machine is the board itself (scripts/board --which), nothing of QEMU
# is built or installed.

BOARD_KIND := $(shell scripts/board --which)
BOARD_INITRAMFS := $(BUILD)/board/initramfs.cpio
TRAPLINE := $(BUILD)/arm64/trapline

# What commands on the board find in $TL_GUESTS. The Image is there too, so that
# the folder is complete on a native board.
BOARD_GUESTS := $(GUEST_ELF) $(GUEST_BIN) $(GUEST_DIR)/linux.cpio.gz $(GUEST_DIR)/Image $(GUEST_DIR)/u-boot.bin \
	$(GUEST_DIR)/overlay.dtbo
# Too large for each boot of the board: only in the build folder, which the board sees.
BOARD_DISKS := $(GUEST_DIR)/u-boot.img
# Measures any VMM from outside, for the benchmarks.
MEASURE := $(BUILD)/arm64/measure
# The kernel's own test of what our series adds statistics to.
KVM_SELFTEST := $(BUILD)/arm64/kvm_binary_stats_test
# A loop of KVM_RUN and nothing else, to compare with.
BARE := $(BUILD)/arm64/bare
# What tests on the board need besides.
TEST_TOOLS := $(patsubst tests/tools/%.c,$(BUILD)/arm64/test-%,$(filter-out tests/tools/top_table.c,$(wildcard tests/tools/*.c)))
BOARD_TESTS := $(wildcard tests/board/*) $(KVM_SELFTEST) $(BUILD)/arm64/trapline-misbehave

$(GUEST_DIR)/Image: $(BUILD)/kernel/Image
	@mkdir -p $(@D)
	$(Q)ln -sfn ../kernel/Image $@

$(MEASURE): bench/measure.c mk/board.mk | deps-build
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(PROGRAM_CC) -std=c17 -D_GNU_SOURCE -O2 $(C_WARNINGS) -static -o $@ $<

$(BARE): bench/bare.c mk/board.mk $(BUILD)/kernel/include | deps-build
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(PROGRAM_CC) -std=c17 -D_GNU_SOURCE -O2 $(C_WARNINGS) -isystem $(BUILD)/kernel/include -static -s -o $@ $<

$(TEST_TOOLS): $(BUILD)/arm64/test-%: tests/tools/%.c mk/board.mk | deps-build
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(PROGRAM_CC) -std=c17 -D_GNU_SOURCE -O2 $(C_WARNINGS) -static -s -o $@ $<

$(KVM_SELFTEST): scripts/kvm-selftest $(BUILD)/kernel/include | deps-build
	$(Q)scripts/kvm-selftest $@

# Not compressed: the emulated CPU would spend longer on that than QEMU on loading.
$(BOARD_INITRAMFS): board/init scripts/initramfs mk/board.mk $(TRAPLINE) $(MEASURE) $(BARE) $(BOARD_GUESTS) $(BOARD_TESTS) $(TEST_TOOLS) \
		| deps-build $(BUILD)/sysroot
	$(call say,CPIO,$@)
	@mkdir -p $(@D)
	$(Q)scripts/initramfs $@ init=board/init bin/busybox=$(BUILD)/sysroot/bin/busybox 'bin/sh->busybox' \
		bin/trapline=$(TRAPLINE) bin/measure=$(MEASURE) bin/bare=$(BARE) $(foreach f,$(BOARD_GUESTS),guests/$(notdir $(f))=$(f)) \
		$(foreach f,$(BOARD_TESTS),tests/$(notdir $(f))=$(f)) \
		$(foreach f,$(TEST_TOOLS),tests/$(patsubst test-%,%,$(notdir $(f)))=$(f)) \
		proc/ sys/ dev/ tmp/ run/ root/ mnt/

.PHONY: board board-files

# Everything that scripts/board needs.
ifeq ($(BOARD_KIND),native)
board-files: $(TRAPLINE) $(BOARD_GUESTS) $(BOARD_DISKS)
else
board-files: $(BOARD_INITRAMFS) $(BOARD_DISKS) $(BUILD)/kernel/Image | deps-board
endif

board: board-files ## a shell on the board
	@scripts/board

.PHONY: test-board

# Stock tools are tried on the emulated board only: they come as Debian's packages.
BOARD_TOOLS := $(BUILD)/board/tools.cpio $(BUILD)/board/io-tools.cpio $(GUEST_DIR)/io.img

.PHONY: board-tools
board-tools: $(BOARD_TOOLS) ## stock tools for the board (scripts/board --tools, --io-tools)

$(BUILD)/board/tools.cpio: TOOLS_SET := tools
$(BUILD)/board/io-tools.cpio: TOOLS_SET := io
$(GUEST_DIR)/io.img: TOOLS_SET := io-guest
$(BOARD_TOOLS): scripts/board-tools | deps-bench
	$(Q)scripts/board-tools --set $(TOOLS_SET) $@

# The system is installed on the emulated board, by what that board has.
DEBIAN := $(BUILD)/debian/packages

.PHONY: debian
debian: $(DEBIAN) ## a Debian system for a guest: kernel, initrd, disk (build/debian)

$(DEBIAN): scripts/guest-debian | board-files $(BOARD_TOOLS)
	$(Q)scripts/guest-debian $(@D)

test-board: board-files $(if $(filter native,$(BOARD_KIND)),$(GUEST_DIR)/io.img,$(BOARD_TOOLS) $(BUILD)/board/programs.cpio $(LINUX32)) $(LINUX32_FILES) ## board tests (one board: scripts/test-board --only nvhe)
	$(Q)scripts/test-board

.PHONY: hostile
# In a run of all tests there are few; the longer this is, the more is made up.
CASES ?= 3000
SEED ?= 1
hostile: board-files ## made-up hostile guests on the board: make hostile CASES=10000 SEED=7
	$(Q)scripts/board -- 'export TL_CASES=$(CASES) TL_SEED=$(SEED) TL_LIMIT=$(shell expr 200 + $(CASES) / 2); exec sh "$$TL_TESTS/run" 33'
