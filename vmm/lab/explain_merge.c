/* SPDX-License-Identifier: MIT */
/*
 * Same-page merging (Documentation/admin-guide/mm/ksm.rst): a thread of the host's compares the
 * pages of memory that was offered to it by MADV_MERGEABLE, and keeps one of those that are equal.
 */
#include <time.h>
#include <unistd.h>

#include "vmm/guest.h"
#include "vmm/lab/explain.h"

#define SYSFS "/sys/kernel/mm/ksm/"

/*
 * ksmd passes over pages that were unlike others the last times, for up to eight scans, and splits
 * huge pages before it merges parts of them: what has not changed in so many scans is the result.
 */
#define SCANS   12
#define TRIES   800
#define WAIT_MS 25

/* Waits for the result. False: it changed for twenty seconds, or cannot be read. */
static bool wait_for_scans(const struct tl_host_files *files)
{
	static const struct timespec pause = {.tv_nsec = WAIT_MS * 1000000};
	uint64_t since = 0, before = UINT64_MAX, scans, merged;

	for (unsigned int i = 0; i < TRIES; i++) {
		if (!tl_host_number(files, TL_HOST_KSM_SCANS, "", &scans) ||
			!tl_host_number(files, TL_HOST_KSM_PROCESS, "ksm_merging_pages", &merged))
			return false;
		if (merged != before) {
			before = merged;
			since = scans;
		}
		if (scans - since >= SCANS)
			return true;
		nanosleep(&pause, NULL);
	}
	return false;
}

/* Guest pages that are one page of the host's, where root asks. */
static void say_which(struct tl_explain *explain)
{
	const struct tl_host_files *files = &explain->guest->lab.files;
	uint64_t size = (uint64_t)sysconf(_SC_PAGESIZE), start = 0, frame = 0, next;

	fputc('\n', explain->out);
	for (uint64_t gpa = 0; gpa <= TL_LAB_RAM_SIZE; gpa += size) {
		next = gpa < TL_LAB_RAM_SIZE
			       ? tl_host_merged_frame(files, tl_explain_host(explain, gpa))
			       : 0;
		if (next == frame)
			continue;
		/* Alone it shares with nobody here. */
		if (frame && gpa > start + size)
			tl_explain_say(explain,
				"  guest-physical " TL_EXPLAIN_GPA " to " TL_EXPLAIN_GPA
				": %" PRIu64 " pages, and one of the host's",
				start, gpa - 1, (gpa - start) / size);
		start = gpa;
		frame = next;
	}
}

static void say_merged(struct tl_explain *explain)
{
	const struct tl_host_files *files = &explain->guest->lab.files;
	uint64_t run, merging, shared, sharing;
	bool settled;

	if (!tl_host_number(files, TL_HOST_KSM_RUN, "", &run)) {
		tl_explain_say(
			explain, "None: this host's kernel has no same-page merging (CONFIG_KSM).");
		return;
	}
	if (run != 1) {
		tl_explain_say(explain,
			"None: " SYSFS "run is %" PRIu64 "; with 1 there the host compares pages.",
			run);
		return;
	}
	settled = wait_for_scans(files);
	if (!tl_host_number(files, TL_HOST_KSM_PROCESS, "ksm_merging_pages", &merging) ||
		!tl_host_number(files, TL_HOST_KSM_SHARED, "", &shared) ||
		!tl_host_number(files, TL_HOST_KSM_SHARING, "", &sharing)) {
		tl_explain_say(explain,
			"This host's kernel does not tell (/proc/self/ksm_stat, Linux 6.1).");
		return;
	}
	tl_explain_say(explain,
		"The VMM filled the memory, so that all of it is there and alike, and offered it by madvise(2),");
	tl_explain_say(explain,
		"MADV_MERGEABLE. The kernel's thread ksmd has compared its pages with each other%s:",
		settled ? "" : ", and has not done yet");
	fputc('\n', explain->out);
	tl_explain_say(explain,
		"  %4" PRIu64
		"  pages of this process are merged (ksm_merging_pages in /proc/self/ksm_stat)",
		merging);
	tl_explain_say(explain,
		"  %4" PRIu64 "  pages hold what all merged ones of this host have (" SYSFS
		"pages_shared)",
		shared);
	tl_explain_say(explain, "  %4" PRIu64 "  pages are saved by that (" SYSFS "pages_sharing)",
		sharing);
	say_which(explain);
	fputc('\n', explain->out);
	tl_explain_say(explain,
		"A guest that writes to such a page gets one of its own: a stage-2 permission fault, which the kernel");
	tl_explain_say(explain, "handles.");
}

void tl_explain_merge(struct tl_explain *explain)
{
	tl_explain_ask(explain, "Which pages has the host merged?");
	if (explain->guest->config->backing == TL_MEM_MERGE)
		say_merged(explain);
	else
		tl_explain_say(explain, "None: memory is offered for that by --mem 2M,merge.");
}
