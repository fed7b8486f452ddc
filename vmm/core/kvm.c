/* SPDX-License-Identifier: MIT */
/*
 * The real kernel behind vmm/core/kvm.h.
 */
#include "vmm/core/kvm.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/log.h"

#define KVM_PATH "/dev/kvm"

static const char *open_advice(int err)
{
	switch (err) {
	case ENOENT:
	case ENODEV:
	case ENXIO:
		return "this machine offers no KVM: boot with EL2 and a kernel with CONFIG_KVM=y, or "
		       "use the emulated board (scripts/board)";
	case EACCES:
	case EPERM:
		return "run as root, or join the group that owns " KVM_PATH;
	case EBUSY:
		return "another hypervisor holds it: stop that one first";
	default:
		return "see dmesg";
	}
}

int tl_kvm_open(void)
{
	int version;
	int fd = open(KVM_PATH, O_RDWR | O_CLOEXEC);

	if (fd < 0) {
		int err = errno;

		tl_log_error("cannot open " KVM_PATH ": %s; %s", strerror(err), open_advice(err));
		return -err;
	}
	version = tl_kvm_ioctl(fd, KVM_GET_API_VERSION, 0);
	if (version != KVM_API_VERSION) {
		tl_log_error(KVM_PATH
			" speaks API version %d, not %d: this kernel's KVM cannot be used",
			version, KVM_API_VERSION);
		close(fd);
		return -EPROTO;
	}
	return fd;
}

int tl_kvm_ioctl(int fd, unsigned long request, uintptr_t arg)
{
	int ret = ioctl(fd, request, arg);

	return ret < 0 ? -errno : ret;
}

int tl_kvm_map_run(int vcpu_fd, size_t size, struct kvm_run **run)
{
	void *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu_fd, 0);

	if (map == MAP_FAILED)
		return -errno;
	*run = map;
	return 0;
}

void tl_kvm_unmap_run(struct kvm_run *run, size_t size)
{
	if (run)
		munmap(run, size);
}
