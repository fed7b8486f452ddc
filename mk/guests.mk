# SPDX-License-Identifier: MIT
#
# The guests: bare-metal programs (one folder each in guest/, as .elf and as flat
# .bin), and the initramfs of the Linux guest. All are for arm64 and use no C
# library. A new bare-metal guest is a folder and a word in GUESTS.

GUESTS := hello smp hvc exitbench mmio nisv fault reset echo spin idle classes suspend power where idregs uart iobench hostile

# Those of the laboratories (docs/lab), each in guest/lab/NAME, as lab-NAME.elf and lab-NAME.bin: of
# machine virt, with guest/lib; and of machine lab, which stand alone, at address 0.
LABS :=
LABS_BARE := hello

CROSS ?= $(if $(filter aarch64,$(shell uname -m)),,aarch64-linux-gnu-)
GUEST_CC ?= $(CROSS)gcc
GUEST_DIR := $(BUILD)/guest
GUEST_OBJ := $(GUEST_DIR)/obj

# -mstrict-align: with the MMU off all memory is Device memory (DDI 0487, B2.10).
# -mgeneral-regs-only: nobody has turned on the SIMD registers.
GUEST_CFLAGS := -std=c17 -O2 -g -Wall -Wextra -Werror -ffreestanding -fno-pic \
	-mgeneral-regs-only -mstrict-align -fno-stack-protector -fno-common \
	-fno-asynchronous-unwind-tables -fno-tree-loop-distribute-patterns \
	-ffile-prefix-map=$(CURDIR)/= -I. -Iguest/lib
GUEST_LDFLAGS := -nostdlib -static -no-pie -Wl,--build-id=none -Wl,-z,norelro \
	-Wl,-z,max-page-size=4096

guest_objects = $(patsubst guest/%,$(GUEST_OBJ)/%.o,$(wildcard guest/$(1)/*.[cS]))
GUEST_LIB := $(call guest_objects,lib)
GUEST_NAMES := $(GUESTS) $(LABS:%=lab-%) $(LABS_BARE:%=lab-%)
GUEST_ELF := $(GUEST_NAMES:%=$(GUEST_DIR)/%.elf) $(GUEST_DIR)/where0.elf
GUEST_BIN := $(GUEST_NAMES:%=$(GUEST_DIR)/%.bin)

.PHONY: guests
guests: $(GUEST_ELF) $(GUEST_BIN) $(GUEST_DIR)/linux.cpio.gz ## the guests: bare metal and the Linux initramfs

$(GUEST_OBJ)/%.c.o: guest/%.c mk/guests.mk | deps-build
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(GUEST_CC) $(GUEST_CFLAGS) -MMD -MP -c -o $@ $<

$(GUEST_OBJ)/%.S.o: guest/%.S mk/guests.mk | deps-build
	$(call say,AS,$<)
	@mkdir -p $(@D)
	$(Q)$(GUEST_CC) $(GUEST_CFLAGS) -MMD -MP -c -o $@ $<

# $(1): name of a bare-metal guest.
define guest_rule
$(GUEST_DIR)/$(1).elf: $$(call guest_objects,$(1)) $(GUEST_LIB) guest/lib/guest.lds
	$$(call say,LD,$$@)
	$$(Q)$$(GUEST_CC) $$(GUEST_LDFLAGS) -Wl,-T,guest/lib/guest.lds -o $$@ $$(filter %.o,$$^)
endef
$(foreach g,$(GUESTS),$(eval $(call guest_rule,$(g))))

# $(1): name of a laboratory, $(2): what it is linked with besides, $(3): where it lies.
define lab_rule
$(GUEST_DIR)/lab-$(1).elf: $$(call guest_objects,lab/$(1)) $(2) $(3)
	$$(call say,LD,$$@)
	$$(Q)$$(GUEST_CC) $$(GUEST_LDFLAGS) -Wl,-T,$(3) -o $$@ $$(filter %.o,$$^)
endef
$(foreach g,$(LABS),$(eval $(call lab_rule,$(g),$(GUEST_LIB),guest/lib/guest.lds)))
$(foreach g,$(LABS_BARE),$(eval $(call lab_rule,$(g),,guest/lab/lab.lds)))

# The same program, linked at the very start of RAM.
$(GUEST_DIR)/where0.elf: $(call guest_objects,where) $(GUEST_LIB) guest/lib/guest.lds
	$(call say,LD,$@)
	$(Q)$(GUEST_CC) $(GUEST_LDFLAGS) -Wl,--defsym=tl_base=0x40000000 -Wl,-T,guest/lib/guest.lds -o $@ $(filter %.o,$^)

$(GUEST_DIR)/%.bin: $(GUEST_DIR)/%.elf
	$(call say,OBJCOPY,$@)
	$(Q)$(CROSS)objcopy -O binary $< $@

# The Linux guest's init is user space: unaligned accesses are fine there, and the
# kernel's own headers come with the compiler. One page of code, one of data.
$(GUEST_OBJ)/linux/init.c.o: GUEST_CFLAGS := $(filter-out -mstrict-align,$(GUEST_CFLAGS))

$(GUEST_DIR)/linux-init: $(call guest_objects,linux)
	$(call say,LD,$@)
	$(Q)$(GUEST_CC) $(GUEST_LDFLAGS) -Wl,-s -o $@ $^

# The folders are mount points; /dev/console comes with the kernel.
$(GUEST_DIR)/linux.cpio.gz: $(GUEST_DIR)/linux-init scripts/initramfs mk/guests.mk | deps-build $(BUILD)/sysroot
	$(call say,CPIO,$@)
	$(Q)scripts/initramfs $@ init=$(GUEST_DIR)/linux-init bin/busybox=$(BUILD)/sysroot/bin/busybox \
		'bin/sh->busybox' proc/ sys/ dev/ tmp/

# Its tables of requests leave out what is zero.
$(GUEST_OBJ)/hostile/%.c.o: GUEST_CFLAGS += -Wno-missing-field-initializers

# An overlay for the tests of device trees, and an example of one.
$(GUEST_DIR)/%.dtbo: dts/%.dtso | deps-build
	$(call say,DTC,$@)
	@mkdir -p $(@D)
	$(Q)dtc -q -@ -I dts -O dtb -o $@ $<

# Other people's firmware, and a disk that it boots Linux from.
$(GUEST_DIR)/u-boot.bin: scripts/u-boot | deps-build
	$(call say,U-BOOT,$@)
	@mkdir -p $(@D)
	$(Q)scripts/u-boot firmware $@

$(GUEST_DIR)/u-boot.img: scripts/u-boot $(GUEST_DIR)/Image $(GUEST_DIR)/linux.cpio.gz | deps-build
	$(call say,DISK,$@)
	$(Q)scripts/u-boot disk $@ $(GUEST_DIR)/Image $(GUEST_DIR)/linux.cpio.gz

-include $(shell find $(GUEST_OBJ) -name '*.d' 2>/dev/null)
