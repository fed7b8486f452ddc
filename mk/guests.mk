# SPDX-License-Identifier: MIT
#
# The guests: bare-metal programs (one folder each in guest/, as .elf and as flat
# .bin), and the initramfs of the Linux guest. All are for arm64 and use no C
# library. A new bare-metal guest is a folder and a word in GUESTS. Those in GUESTS32
# are 32-bit, NAME32.elf and .bin.

GUESTS := hello smp hvc exitbench mmio nisv nisv64 fault reset echo spin idle classes suspend power where idregs uart iobench hostile setway psci

# These are the same programs; the others have a folder of their name.
GUESTS32_SAME := hello smp reset
GUESTS32 := $(GUESTS32_SAME:%=%32) classes32

# Those of the laboratories (docs/lab), each in guest/lab/NAME, as lab-NAME.elf and lab-NAME.bin: of
# machine virt, with guest/lib; and of machine lab, which stand alone, at address 0.
LABS := loader costs setway gic psci tables
LABS_BARE := hello
LABS_BARE32 := hello32

CROSS ?= $(if $(filter aarch64,$(shell uname -m)),,aarch64-linux-gnu-)
GUEST_CC ?= $(CROSS)gcc
GUEST_CC32 ?= arm-linux-gnueabihf-gcc
GUEST_DIR := $(BUILD)/guest
GUEST_OBJ := $(GUEST_DIR)/obj

# -mstrict-align: with the MMU off all memory is Device memory (DDI 0487, B2.10).
# -mgeneral-regs-only: nobody has turned on the SIMD registers.
GUEST_ANY_CFLAGS := -std=c17 -O2 -g -Wall -Wextra -Werror -ffreestanding -fno-pic \
	-mgeneral-regs-only -fno-stack-protector -fno-common \
	-fno-asynchronous-unwind-tables -fno-tree-loop-distribute-patterns \
	-ffile-prefix-map=$(CURDIR)/= -I. -Iguest/lib
GUEST_CFLAGS := $(GUEST_ANY_CFLAGS) -mstrict-align
GUEST32_CFLAGS := $(GUEST_ANY_CFLAGS) -marm -mno-unaligned-access
GUEST_LDFLAGS := -nostdlib -static -no-pie -Wl,--build-id=none -Wl,-z,norelro \
	-Wl,-z,max-page-size=4096

guest_objects = $(patsubst guest/%,$(GUEST_OBJ)/%.o,$(wildcard guest/$(1)/*.[cS]))
GUEST_LIB := $(call guest_objects,lib)
guest32_objects = $(patsubst guest/%,$(GUEST_OBJ)/32/%.o,$(wildcard guest/$(1)/*.[cS]))
GUEST32_LIB := $(call guest32_objects,lib32) $(patsubst %,$(GUEST_OBJ)/32/lib/%.c.o,args fdt psci uart)
GUEST_NAMES := $(GUESTS) $(GUESTS32) $(LABS:%=lab-%) $(LABS_BARE:%=lab-%) $(LABS_BARE32:%=lab-%)
GUEST_ELF := $(GUEST_NAMES:%=$(GUEST_DIR)/%.elf) $(GUEST_DIR)/where0.elf
# The loader lies where no flat binary is put.
GUEST_BIN := $(patsubst %,$(GUEST_DIR)/%.bin,$(filter-out lab-loader,$(GUEST_NAMES)))

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
	$$(Q)$$(GUEST_CC) $$(GUEST_LDFLAGS) -Wl,--no-warn-rwx-segments -Wl,-T,$(3) -o $$@ $$(filter %.o,$$^)
endef
$(foreach g,$(LABS),$(eval $(call lab_rule,$(g),$(GUEST_LIB),guest/lib/guest.lds)))
$(foreach g,$(LABS_BARE),$(eval $(call lab_rule,$(g),,guest/lab/lab.lds)))

define lab32_rule
$(GUEST_DIR)/lab-$(1).elf: $$(call guest32_objects,lab/$(1)) guest/lab/lab.lds
	$$(call say,LD32,$$@)
	$$(Q)$$(GUEST_CC32) $$(GUEST_LDFLAGS) -Wl,--no-warn-rwx-segments -Wl,-T,guest/lab/lab.lds -o $$@ $$(filter %.o,$$^)
endef
$(foreach g,$(LABS_BARE32),$(eval $(call lab32_rule,$(g))))

$(GUEST_OBJ)/32/%.c.o: guest/%.c mk/guests.mk | deps-build
	$(call say,CC32,$<)
	@mkdir -p $(@D)
	$(Q)$(GUEST_CC32) $(GUEST32_CFLAGS) -MMD -MP -c -o $@ $<

$(GUEST_OBJ)/32/%.S.o: guest/%.S mk/guests.mk | deps-build
	$(call say,AS32,$<)
	@mkdir -p $(@D)
	$(Q)$(GUEST_CC32) $(GUEST32_CFLAGS) -MMD -MP -c -o $@ $<

# $(1): name, $(2): folder. Where QEMU's board enters a 32-bit image without a header. libgcc has the division of long numbers.
define guest32_rule
$(GUEST_DIR)/$(1).elf: $$(call guest32_objects,$(2)) $(GUEST32_LIB) guest/lib/guest.lds
	$$(call say,LD32,$$@)
	$$(Q)$$(GUEST_CC32) $$(GUEST_LDFLAGS) -Wl,--defsym=tl_base=0x40010000 -Wl,-T,guest/lib/guest.lds \
		-Wl,-z,noexecstack -o $$@ $$(filter %.o,$$^) -lgcc
endef
$(foreach g,$(GUESTS32),$(eval $(call guest32_rule,$(g),$(if $(filter $(g:%32=%),$(GUESTS32_SAME)),$(g:%32=%),$(g)))))

# Out of the way of what it loads, by the driver of another guest.
$(GUEST_DIR)/lab-loader.elf: GUEST_LDFLAGS += -Wl,--defsym=tl_base=0x40400000
$(GUEST_DIR)/lab-loader.elf: $(GUEST_OBJ)/iobench/virtio.c.o

# Parts of other guests: as much of a GIC as it takes, vectors that go on, a flat map.
$(GUEST_DIR)/lab-costs.elf $(GUEST_DIR)/lab-psci.elf: $(GUEST_OBJ)/classes/gic.c.o
$(GUEST_DIR)/lab-tables.elf: $(GUEST_OBJ)/classes/vectors.S.o $(GUEST_OBJ)/hostile/mmu.c.o

# The same program, linked at the very start of RAM.
$(GUEST_DIR)/where0.elf: $(call guest_objects,where) $(GUEST_LIB) guest/lib/guest.lds
	$(call say,LD,$@)
	$(Q)$(GUEST_CC) $(GUEST_LDFLAGS) -Wl,--defsym=tl_base=0x40000000 -Wl,-T,guest/lib/guest.lds -o $@ $(filter %.o,$^)

$(GUEST_DIR)/%.bin: $(GUEST_DIR)/%.elf
	$(call say,OBJCOPY,$@)
	$(Q)$(CROSS)objcopy -O binary $< $@

$(GUEST_DIR)/%32.bin: $(GUEST_DIR)/%32.elf
	$(call say,OBJCOPY,$@)
	$(Q)$(GUEST_CC32:gcc=objcopy) -O binary $< $@

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
