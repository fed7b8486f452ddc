/* SPDX-License-Identifier: MIT */
/*
 * A thread each, as Landlock's domains are. Signals are not scoped: that would keep the threads
 * of this process, each of a domain of its own, from kicking one another.
 */
#include "vmm/sandbox/landlock.h"

#include <errno.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "vmm/sandbox/rules.h"

#define FS(name) LANDLOCK_ACCESS_FS_##name

#define READS (FS(READ_FILE) | FS(READ_DIR))
#define WRITES                                                                                     \
	(READS | FS(WRITE_FILE) | FS(TRUNCATE) | FS(REMOVE_DIR) | FS(REMOVE_FILE) | FS(MAKE_DIR) | \
		FS(MAKE_REG) | FS(MAKE_SOCK) | FS(MAKE_FIFO) | FS(MAKE_SYM) | FS(REFER))
#define OF_FILES (FS(EXECUTE) | FS(WRITE_FILE) | FS(READ_FILE) | FS(TRUNCATE) | FS(IOCTL_DEV))

/* All that a version knows, so that all of it is refused where no rule allows it. */
static uint64_t known(int version)
{
	uint64_t all = (UINT64_C(1) << 13) - 1;

	if (version >= 2)
		all |= FS(REFER);
	if (version >= 3)
		all |= FS(TRUNCATE);
	if (version >= 5)
		all |= FS(IOCTL_DEV);
	return all;
}

static uint64_t access_of(const struct tl_sandbox_path *path, int version)
{
	static const uint64_t table[] = {[TL_ACCESS_READ] = READS,
		[TL_ACCESS_WRITE] = WRITES,
		[TL_ACCESS_REMOVE] = FS(REMOVE_FILE)};
	uint64_t access = table[path->access] & known(version);
	struct stat st;

	return !fstat(path->fd, &st) && S_ISDIR(st.st_mode) ? access : access & OF_FILES;
}

int tl_landlock_probe(void)
{
	long version =
		syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	return version < 1 ? -ENOSYS : (int)version;
}

static int add(int fd, const struct tl_sandbox_path *path, int version)
{
	const struct landlock_path_beneath_attr rule = {
		.allowed_access = access_of(path, version), .parent_fd = path->fd};

	return rule.allowed_access && syscall(SYS_landlock_add_rule, fd, LANDLOCK_RULE_PATH_BENEATH,
					      &rule, 0)
		       ? -errno
		       : 0;
}

int tl_landlock_make(
	int version, const struct tl_sandbox_path *paths, size_t count, unsigned int thread)
{
	struct landlock_ruleset_attr attr = {.handled_access_fs = known(version)};
	int fd, ret = 0;

	if (version >= 4)
		attr.handled_access_net =
			LANDLOCK_ACCESS_NET_BIND_TCP | LANDLOCK_ACCESS_NET_CONNECT_TCP;
	if (version >= 6)
		attr.scoped = LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET;
	fd = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (fd < 0)
		return -errno;
	for (size_t i = 0; i < count && !ret; i++) {
		if (paths[i].threads & TL_SANDBOX_BIT(thread))
			ret = add(fd, &paths[i], version);
	}
	if (!ret)
		return fd;
	close(fd);
	return ret;
}

int tl_landlock_apply(int fd)
{
	return syscall(SYS_landlock_restrict_self, fd, 0) ? -errno : 0;
}
