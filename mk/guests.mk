# SPDX-License-Identifier: MIT
#
# The guests: bare-metal programs (one folder each in guest/, as .elf and as flat
# .bin), and the initramfs of the Linux guest. All are for arm64 and use no C
# library. A new bare-metal guest is a folder and a word in GUESTS. Those in GUESTS32
# are 32-bit, NAME32.elf and .bin.

GUESTS := hello smp hvc exitbench mmio nisv nisv64 fault reset echo spin idle classes suspend power where idregs uart iobench hostile psci misbehave

# These are the same programs; the others have a folder of their name.
GUESTS32_SAME := hello smp reset
GUESTS32 := $(GUESTS32_SAME:%=%32) classes32 nisv32

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

# The 32-bit Linux guest: the same init, and a shell of ours instead of busybox, for which there is
# no 32-bit package where this is built. As an initramfs, and as a disk.
$(GUEST_OBJ)/32/linux/init.c.o: GUEST32_CFLAGS := $(filter-out -mno-unaligned-access,$(GUEST32_CFLAGS))

$(GUEST_DIR)/linux32-init: $(call guest32_objects,linux)
	$(call say,LD32,$@)
	$(Q)$(GUEST_CC32) $(GUEST_LDFLAGS) -Wl,-s -o $@ $^ -lgcc

$(GUEST_DIR)/linux32-sh: $(wildcard guest/linux32/*.[ch]) mk/guests.mk | deps-build
	$(call say,CC32,$@)
	@mkdir -p $(@D)
	$(Q)$(GUEST_CC32) -std=c17 -D_GNU_SOURCE -Os -Wall -Wextra -Werror -static -s -o $@ $(filter %.c,$^)

$(GUEST_DIR)/linux32.cpio.gz: $(GUEST_DIR)/linux32-init $(GUEST_DIR)/linux32-sh scripts/initramfs mk/guests.mk
	$(call say,CPIO,$@)
	$(Q)scripts/initramfs $@ init=$(GUEST_DIR)/linux32-init bin/sh=$(GUEST_DIR)/linux32-sh proc/ sys/ dev/ tmp/

# The same files make the same disk.
$(GUEST_DIR)/linux32.img: $(GUEST_DIR)/linux32-init $(GUEST_DIR)/linux32-sh mk/guests.mk
	$(call say,DISK,$@)
	$(Q)rm -rf $@.root $@ && mkdir -p $(patsubst %,$@.root/%,sbin bin proc sys dev tmp mnt) && truncate -s 2M $@
	$(Q)cp $(GUEST_DIR)/linux32-init $@.root/sbin/init && cp $(GUEST_DIR)/linux32-sh $@.root/bin/sh
	$(Q)E2FSPROGS_FAKE_TIME=1 mke2fs -q -t ext4 -b 1024 -O ^has_journal,^metadata_csum -m 0 -U clear \
		-E root_owner=0:0,hash_seed=00000000-0000-4000-8000-000000000000 -d $@.root $@
	$(Q)rm -r $@.root

# Only boards that want it carry it: scripts/board --with. The map is the kernel's symbols.
LINUX32_FILES := $(patsubst %,$(GUEST_DIR)/%,zImage zImage.map linux32.cpio.gz linux32.img)
LINUX32 := $(BUILD)/board/linux32.cpio

.PHONY: guest32
guest32: $(LINUX32_FILES) $(LINUX32) ## the 32-bit Linux guest: kernel, initramfs, disk (build/guest)

$(GUEST_DIR)/zImage: KERNEL32_FILE := zImage
$(GUEST_DIR)/zImage.map: KERNEL32_FILE := System.map
$(GUEST_DIR)/zImage $(GUEST_DIR)/zImage.map: $(BUILD)/kernel32/zImage
	@mkdir -p $(@D)
	$(Q)ln -sfn ../kernel32/$(KERNEL32_FILE) $@

$(LINUX32): $(LINUX32_FILES) scripts/initramfs mk/guests.mk
	$(call say,CPIO,$@)
	@mkdir -p $(@D)
	$(Q)scripts/initramfs $@ $(foreach f,$(LINUX32_FILES),guests/$(notdir $(f))=$(f))

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
