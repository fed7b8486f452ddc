# SPDX-License-Identifier: MIT
# shellcheck shell=dash
#
# Kernels and initrds that are not what they should be (bad input): one line that
# names the file, status 3, no hang.

TEST_LIMIT_BEFORE=$TEST_LIMIT
TEST_LIMIT=20
bad=$WORK/bad
initrd=$TL_GUESTS/linux.cpio.gz

# bad_kernel NAME FILE [ARGUMENT...]
bad_kernel() {
	begin "kernel: $1"
	file=$2
	shift 2
	guest "$file" "$@"
	refused 3 "$file"
	end
}

# bad_initrd NAME FILE
bad_initrd() {
	begin "initrd: $1"
	guest "$TL_GUESTS/Image" --initrd "$2"
	refused 3 "$2"
	end
}

# copy_head N SOURCE: the first N bytes of a file as $bad.
copy_head() {
	head -c "$1" "$2" >"$bad"
}

# patch OFFSET OCTAL...: overwrites bytes of $bad.
patch() {
	offset=$1
	shift
	bytes "$@" | dd of="$bad" bs=1 seek="$offset" conv=notrunc 2>/dev/null
}

bad_kernel 'that does not exist' "$WORK/nonexistent"
: >"$bad"
# robust: kernel.0-bytes
bad_kernel 'of 0 bytes' "$bad"
bad_initrd 'that does not exist' "$WORK/nonexistent"
# robust: initrd.file
bad_initrd 'of 0 bytes' "$bad"
# robust: kernel.directory
bad_kernel 'that is a folder' "$WORK"
bad_initrd 'that is a folder' "$WORK"
mkfifo "$WORK/fifo"
# robust: kernel.fifo
bad_kernel 'that is a FIFO' "$WORK/fifo"
# robust: initrd.file
bad_initrd 'that is a FIFO' "$WORK/fifo"
# robust: kernel.dev-zero
bad_kernel 'that is /dev/zero' /dev/zero
bad_initrd 'that is /dev/zero' /dev/zero

for n in 1 63; do
	copy_head "$n" "$TL_GUESTS/Image"
	# robust: kernel.1-byte kernel.63-bytes
	bad_kernel "an Image cut to $n bytes" "$bad"
done

# The header of an arm64 Image (Documentation/arch/arm64/booting.rst): text_offset
# at 8, image_size at 16, flags at 24, magic at 56.
image() {
	copy_head 4096 "$TL_GUESTS/Image"
}
image
patch 8 0 0 0 0 0 0 0 200
# robust: image.text-offset-2-63
bad_kernel 'text_offset 2^63' "$bad"
image
patch 8 0 0 0 0 1 0 0 0
# robust: image.text-offset-ram
bad_kernel 'text_offset beyond RAM' "$bad"
image
patch 16 377 377 377 377 377 377 377 377
# robust: image.size-max
bad_kernel 'image_size 2^64-1' "$bad"
image
patch 24 1
# robust: image.big-endian
bad_kernel 'big-endian flag' "$bad"
bad_kernel 'an Image larger than RAM' "$TL_GUESTS/Image" --mem 2M

# ELF: e_machine at 18, e_entry at 24, e_phoff at 32, e_phnum at 56.
elf() {
	cp "$TL_GUESTS/hello.elf" "$bad"
}
elf
patch 18 76 0
# robust: elf.machine
bad_kernel 'ELF of x86-64' "$bad"
elf
patch 56 0 0
# robust: elf.phnum-0
bad_kernel 'ELF with phnum 0' "$bad"
elf
patch 56 377 377
# robust: elf.phnum-65535
bad_kernel 'ELF with phnum 65535' "$bad"
elf
patch 32 377 377 377 377 377 377 377 177
# robust: elf.phoff
bad_kernel 'ELF with phoff past the end' "$bad"
elf
patch 24 0 0 0 0 0 0 0 0
# robust: elf.entry
bad_kernel 'ELF with its entry outside' "$bad"
# The first program header is at 64: p_offset 72, p_paddr 88, p_filesz 96, p_memsz 104.
elf
patch 104 1 0 0 0 0 0 0 0
# robust: elf.filesz
bad_kernel 'ELF with filesz > memsz' "$bad"
elf
patch 72 377 377 377 377 377 377 377 177
bad_kernel 'ELF with a segment past the end of the file' "$bad"
elf
patch 88 0 360 377 377 377 377 377 377
# robust: elf.wrap
bad_kernel 'ELF with a segment that wraps' "$bad"
elf
patch 88 0 0 0 0 0 0 0 0
bad_kernel 'ELF with a segment outside of RAM' "$bad"
copy_head 80 "$TL_GUESTS/hello.elf"
bad_kernel 'ELF cut in its program headers' "$bad"

# gzip
gzip -c "$TL_GUESTS/Image" >"$WORK/Image.gz"
begin 'kernel: Image.gz boots'
guest "$WORK/Image.gz" --initrd "$initrd" --append quiet
status_is 0
output_has '^Linux 6'
end
copy_head 100000 "$WORK/Image.gz"
# robust: packed.truncated
bad_kernel 'a gzip file cut short' "$bad"
cp "$WORK/Image.gz" "$bad"
patch 2000 377 377 377 377 377 377 377 377
bad_kernel 'a damaged gzip file' "$bad"
head -c 100000000 /dev/zero | gzip -c >"$bad"
# robust: packed.gzip-bomb
bad_kernel 'a gzip bomb' "$bad" --mem 64M

# EFI zboot (drivers/firmware/efi/libstub/zboot-header.S): the payload's offset at 8, its size at
# 12, the name of its compression at 24.
# le32 NUMBER: as the operands of `patch`.
le32() {
	for shift in 0 8 16 24; do
		printf '%o ' $(($1 >> shift & 255))
	done
}
# zboot COMPRESSION SIZE FILE: makes $bad.
zboot() {
	{
		printf 'MZ\000\000zimg'
		head -c 16 /dev/zero
		printf '%s' "$1"
		head -c $((64 - 24 - ${#1})) /dev/zero
		cat "$3"
		head -c 1000 "$TL_GUESTS/hello.bin"
	} >"$bad"
	# shellcheck disable=SC2046 # words
	patch 8 $(le32 64) $(le32 "$2")
}
size=$(wc -c <"$WORK/Image.gz")
zboot gzip "$size" "$WORK/Image.gz"
begin 'kernel: EFI zboot boots'
guest "$bad" --initrd "$initrd" --append 'quiet trapline.run="uname -m"'
status_is 0
output_has '^aarch64'
end
zboot gzip $((size - 100)) "$WORK/Image.gz"
bad_kernel 'EFI zboot whose payload ends too early' "$bad"
zboot gzip $((size + 1001)) "$WORK/Image.gz"
bad_kernel 'EFI zboot whose payload lies beyond its end' "$bad"
for how in xzkern lz4 zstd; do
	zboot "$how" "$size" "$WORK/Image.gz"
	bad_kernel "EFI zboot packed by $how, or not so" "$bad"
done
gzip -c "$TL_GUESTS/hello.bin" >"$WORK/hello.gz"
zboot gzip "$(wc -c <"$WORK/hello.gz")" "$WORK/hello.gz"
bad_kernel 'EFI zboot that holds no Image' "$bad"
for how in '\375\067zXZ' BZh9 '\004\042\115\030' '\002\041\114\030' '\211LZO'; do
	# shellcheck disable=SC2059 # the format is the magic number
	{ printf "$how"; head -c 1000 /dev/zero; } >"$bad"
	bad_kernel "that begins with $how" "$bad"
done

# initrd
head -c 70000000 /dev/zero >"$bad"
# robust: initrd.ram
begin 'initrd: larger than RAM'
guest "$TL_GUESTS/Image" --initrd "$bad" --mem 64M
refused 3 "$bad"
end
rm -f "$bad"

# Device trees
dtb=$WORK/tree.dtb
begin 'device tree: the machine takes back what it wrote, and Linux boots with it'
guest "$TL_GUESTS/Image" --initrd "$initrd" --append quiet --cpus 2 --dump-dtb "$dtb"
status_is 0
guest "$TL_GUESTS/Image" --initrd "$initrd" --cpus 2 --dtb "$dtb"
status_is 0
output_has '^Linux 6.* up, 2 cpus'
error_lines 0
end

begin 'device tree: an overlay adds a node and turns a device off'
guest "$TL_GUESTS/Image" --initrd "$initrd" --overlay "$TL_GUESTS/overlay.dtbo" \
	--append 'quiet trapline.run="cd /sys/firmware/devicetree/base; cat overlay-example/compatible; echo; cat pl031@9010000/status; echo; ls -d __symbols__"'
status_is 0
output_has '^trapline,overlay-example'
output_has '^disabled'
output_lacks '^__symbols__'
end

# bad_tree NAME FILE [ARGUMENT...]
bad_tree() {
	begin "device tree: $1"
	file=$2
	shift 2
	guest "$TL_GUESTS/hello.bin" --dtb "$file" "$@"
	refused 3 "device tree '$file'"
	guest "$TL_GUESTS/hello.bin" --overlay "$file" "$@"
	status_is 3
	error_lines 1
	end
}
bad_tree 'missing' "$WORK/nonexistent"
: >"$bad"
bad_tree 'empty' "$bad"
bad_tree 'a folder' "$WORK"
bad_tree 'a device' /dev/zero
bad_tree 'no tree at all' "$TL_GUESTS/hello.bin"
cp "$dtb" "$bad"
patch 0 377
# robust: dtb.magic
bad_tree 'bad magic' "$bad"
cp "$dtb" "$bad"
patch 4 0 0 377 377
# robust: dtb.totalsize
bad_tree 'totalsize beyond the file' "$bad"
copy_head 500 "$dtb"
bad_tree 'cut' "$bad"

# robust: dtb.disagrees dtb.memory
begin 'device tree: RAM and CPUs that disagree'
guest "$TL_GUESTS/hello.bin" --cpus 2 --dtb "$dtb" --mem 64M
refused 3 "device tree '$dtb' has 0x10000000 bytes of memory at 0x40000000"
guest "$TL_GUESTS/hello.bin" --dtb "$dtb"
refused 3 "device tree '$dtb' has 2 CPUs, and the machine 1: use --cpus 2"
sed 's/device_type/device_tybe/' "$dtb" >"$bad"
guest "$TL_GUESTS/hello.bin" --cpus 2 --dtb "$bad"
refused 3 "device tree '$bad' has no memory"
end

# robust: cmdline.long
begin 'a command line that is too long'
long=$(head -c 5000 /dev/zero | tr '\0' x)
guest "$TL_GUESTS/Image" --append "$long"
status_in 2 3
error_lines 1
end

# robust: cmdline.mem
begin 'mem= without a unit is warned about'
guest "$TL_GUESTS/hello.bin" --append 'mem=512'
error_has 'mem=512'
end

TEST_LIMIT=$TEST_LIMIT_BEFORE
