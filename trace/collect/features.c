/* SPDX-License-Identifier: MIT */
/*
 * Reads the event formats and the descriptors of the statistics.
 */
#include "trace/collect/features.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <tracefs.h>

#include "trace/collect/bpf.h"
#include "trace/collect/kvm_counts.h"
#include "trace/decode/kvm_event.h"

#define TIMES_SWITCH "/sys/module/kvm/parameters/handling_time"

/* 0 or -errno. */
static int add_format(struct tl_kvm_format *format, const char *event)
{
	int size = 0, ret;
	char *text;

	errno = 0;
	text = tracefs_event_file_read(NULL, "kvm", event, "format", &size);
	if (!text)
		return errno ? -errno : -ENOENT;
	ret = tl_kvm_format_add(format, text, (size_t)size);
	free(text);
	return ret;
}

static void probe_events(struct tl_features *features)
{
	struct tl_kvm_format format;
	const char *dir;
	int ret;

	errno = 0;
	dir = tracefs_tracing_dir();
	if (!dir) {
		snprintf(features->problem, sizeof(features->problem),
			"no tracefs in /sys/kernel/tracing, and it cannot be mounted: %s",
			strerror(errno ? errno : ENOENT));
		return;
	}
	tl_kvm_format_init(&format);
	ret = add_format(&format, "kvm_exit");
	ret = ret ? ret : add_format(&format, "kvm_entry");
	if (ret) {
		snprintf(features->problem, sizeof(features->problem), "%s/events/kvm: %s", dir,
			strerror(-ret));
		return;
	}
	features->events = true;
	features->identity = tl_kvm_format_is_patched(&format);
	features->syndrome = tl_kvm_format_has_syndrome(&format);
}

static void probe_switch(struct tl_features *features)
{
	int fd = open(TIMES_SWITCH, O_RDONLY | O_CLOEXEC);
	char value = 'N';

	if (fd >= 0) {
		features->times_on = read(fd, &value, 1) == 1 && value == 'Y';
		close(fd);
	}
}

/* Whether the programs load: by doing it. */
static bool probe_bpf(void)
{
	const struct tl_bpf_options options = {0};
	char problem[256];
	struct tl_bpf *bpf;

	if (tl_bpf_create(&bpf, &options, problem, sizeof(problem)))
		return false;
	tl_bpf_destroy(bpf);
	return true;
}

void tl_features_probe(struct tl_features *features, int stats_fd)
{
	struct tl_kernel_counts counts;

	memset(features, 0, sizeof(*features));
	probe_events(features);
	features->bpf = probe_bpf();
	if (stats_fd < 0 || tl_kvm_counts_read(stats_fd, &counts))
		return;
	features->statistics = counts.has_exits;
	features->classes = counts.has_classes;
	features->fixups = counts.has_fixups && counts.has_not_run;
	features->times = counts.time_count > 0;
	if (features->times)
		probe_switch(features);
}
