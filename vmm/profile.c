/* SPDX-License-Identifier: MIT */
/*
 * Between the VMM and the profiler: the VM's description goes one way, the
 * profile comes back.
 */
#include "vmm/profile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/vm_desc.h"
#include "trace/report/json.h"
#include "trace/report/text.h"
#include "vmm/core/kvm.h"
#include "vmm/core/vm.h"

int tl_vmm_profile_attach(struct tl_session *session, const struct tl_vm *vm)
{
	struct tl_vcpu_desc *vcpus = calloc(vm->vcpu_count, sizeof(*vcpus));
	struct tl_vm_desc desc = {.pid = getpid(), .vcpu_count = vm->vcpu_count, .vcpus = vcpus};
	int ret;

	if (!vcpus)
		return -ENOMEM;
	for (unsigned int i = 0; i < vm->vcpu_count; i++) {
		int fd = tl_kvm_ioctl(vm->vcpus[i].fd, KVM_GET_STATS_FD, 0);

		/* Without it (before Linux 5.14) the report says what it cannot check. */
		vcpus[i].id = vm->vcpus[i].id;
		vcpus[i].tid = vm->vcpus[i].tid;
		vcpus[i].stats_fd = fd < 0 ? -1 : fd;
	}
	ret = tl_session_set_vm(session, &desc);
	free(vcpus);
	return ret;
}

int tl_vmm_profile_report(struct tl_session *session, const char *json)
{
	int ret = tl_session_stop(session);
	int err;

	if (ret)
		return ret;
	fflush(stdout);
	ret = tl_report_text(stderr, tl_session_profile(session));
	if (ret)
		tl_log_error("cannot print the profile: %s", strerror(-ret));
	if (json) {
		err = tl_report_json(json, tl_session_profile(session));
		ret = ret ? ret : err;
	}
	return ret;
}
