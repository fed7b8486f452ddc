/* SPDX-License-Identifier: MIT */
/*
 * Open files: opening, making, reading and writing them, and listing folders (9P2000.L: lopen,
 * lcreate, read, write, readdir, fsync, lock, getlock).
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "vmm/dev/virtio/p9/server.h"

/* Flags of Tlopen and Tlcreate: those of open(2) as most architectures number them. */
#define F_ACCMODE   03u
#define F_EXCL      0200u
#define F_TRUNC     01000u
#define F_APPEND    02000u
#define F_DSYNC     010000u
#define F_DIRECTORY 0200000u
#define F_SYNC      04000000u

#define LOCK_SUCCESS  0u
#define LOCK_UNLOCKED 2u

/* Of what getdents64(2) gives at a time. */
#define DENTS_BYTES 16384u

struct dent {
	uint64_t ino, off;
	uint16_t reclen;
	uint8_t type;
	char name[];
};

/* The flags for open(2). What is only a hint, or asks the guest's own kernel, is left out. */
static int host_flags(uint32_t flags)
{
	static const struct {
		uint32_t theirs;
		int ours;
	} map[] = {
		{F_TRUNC, O_TRUNC},
		{F_APPEND, O_APPEND},
		{F_DSYNC, O_DSYNC},
		{F_DIRECTORY, O_DIRECTORY},
		{F_SYNC, O_SYNC},
	};
	static const int access[] = {O_RDONLY, O_WRONLY, O_RDWR, O_RDWR};
	int ours = access[flags & F_ACCMODE];

	for (unsigned int i = 0; i < sizeof(map) / sizeof(map[0]); i++)
		ours |= (flags & map[i].theirs) == map[i].theirs ? map[i].ours : 0;
	return ours;
}

static int may_open_more(struct tl_p9 *p9)
{
	if (p9->fids.open < p9->config.open_max)
		return 0;
	return tl_p9_at_limit(p9, "files that it may have open");
}

static void put_opened(
	struct tl_p9 *p9, const struct stat *st, struct tl_p9_fid *fid, struct tl_p9_out *out)
{
	struct tl_p9_qid qid;

	tl_p9_make_qid(p9, st, &qid);
	fid->type = qid.type;
	tl_p9_put_qid(out, &qid);
	tl_p9_put32(out, 0); /* iounit: as much as fits a message */
}

int tl_p9_lopen(struct tl_p9 *p9, struct tl_p9_in *in, struct tl_p9_out *out)
{
	struct tl_p9_fid *fid;
	int ret = tl_p9_get_fid(p9, in, &fid), flags = host_flags(tl_p9_get32(in));
	struct stat st;

	if (ret || !tl_p9_get_end(in))
		return ret ? ret : -EPROTO;
	if (fid->fd >= 0)
		return -EINVAL;
	if (p9->config.read_only && ((flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC)))
		return -EROFS;
	ret = may_open_more(p9);
	ret = ret ? ret : tl_beneath_open(p9->root, fid->path, flags, &st);
	if (ret < 0)
		return ret;
	tl_p9_fid_set_open(&p9->fids, fid, ret, flags);
	put_opened(p9, &st, fid, out);
	return 0;
}

/* Makes the file, or opens what is there. Returns a descriptor or -errno. */
static int create(struct tl_p9 *p9, const char *dir, const char *path, uint32_t asked, mode_t mode)
{
	int flags = host_flags(asked & ~F_DIRECTORY), fd;
	struct tl_p9_place place;
	struct stat st;

	fd = tl_beneath_dir(p9->root, dir, &place);
	if (fd)
		return fd;
	place.name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	fd = tl_beneath_create(&place, flags, mode);
	tl_beneath_leave(&place);
	if (fd == -EEXIST && !(asked & F_EXCL))
		return tl_beneath_open(p9->root, path, flags, &st);
	/* The client has applied its user's umask; this program's is not to be added. */
	if (fd >= 0 && !fstat(fd, &st) && (st.st_mode & 0777) != (mode & 0777))
		(void)fchmod(fd, mode);
	return fd;
}

int tl_p9_lcreate(struct tl_p9 *p9, struct tl_p9_in *in, struct tl_p9_out *out)
{
	char name[TL_P9_NAME + 1], path[TL_P9_PATH];
	struct tl_p9_fid *fid;
	uint32_t flags, mode;
	struct stat st;
	int ret = tl_p9_get_fid(p9, in, &fid), fd;

	ret = ret ? ret : tl_p9_get_name(in, name, false);
	flags = tl_p9_get32(in);
	mode = tl_p9_get32(in) & TL_P9_MODE;
	(void)tl_p9_get32(in); /* the group: the host gives it its own */
	if (ret || !tl_p9_get_end(in))
		return ret ? ret : -EPROTO;
	if (fid->fd >= 0)
		return -EINVAL;
	ret = may_open_more(p9);
	ret = ret ? ret : tl_beneath_join(path, fid->path, name);
	if (ret)
		return ret;
	fd = create(p9, fid->path, path, flags, mode);
	if (fd < 0)
		return fd;
	ret = fstat(fd, &st) ? -errno : tl_p9_fid_set_path(&p9->fids, fid, path);
	if (ret) {
		close(fd);
		return ret;
	}
	tl_p9_fid_set_open(&p9->fids, fid, fd, host_flags(flags));
	put_opened(p9, &st, fid, out);
	return 0;
}

int tl_p9_read(struct tl_p9 *p9, struct tl_p9_in *in, struct tl_p9_out *out)
{
	struct tl_p9_fid *fid;
	int ret = tl_p9_get_open_fid(p9, in, &fid);
	uint64_t offset = tl_p9_get64(in);
	size_t count = tl_p9_get32(in);
	ssize_t n;

	if (ret || !tl_p9_get_end(in))
		return ret ? ret : -EPROTO;
	if (offset > INT64_MAX)
		return -EINVAL;
	tl_p9_put32(out, 0);
	count = count < tl_p9_room(out) ? count : tl_p9_room(out);
	do {
		n = pread(fid->fd, out->at + out->used, count, (off_t)offset);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	tl_p9_set32(out, out->used - 4, (uint32_t)n);
	out->used += (size_t)n;
	return 0;
}

int tl_p9_write(struct tl_p9 *p9, struct tl_p9_in *in, struct tl_p9_out *out)
{
	struct tl_p9_fid *fid;
	int ret = tl_p9_get_open_fid(p9, in, &fid);
	uint64_t offset = tl_p9_get64(in);
	uint32_t count = tl_p9_get32(in), done = 0;
	const uint8_t *data = tl_p9_get_bytes(in, count);

	if (ret || !tl_p9_get_end(in))
		return ret ? ret : -EPROTO;
	if (offset > INT64_MAX - UINT32_MAX)
		return -EFBIG;
	while (done < count) {
		ssize_t n = pwrite(fid->fd, data + done, count - done, (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		/* What was written was: the rest fails when it is asked for again. */
		if (n < 0 && !done)
			return -errno;
		if (n <= 0)
			break;
		done += (uint32_t)n;
	}
	tl_p9_put32(out, done);
	return 0;
}

/* One entry. Returns whether there was room for it. */
static bool put_entry(struct tl_p9 *p9, const struct tl_p9_fid *fid, const struct dent *dent,
	struct tl_p9_out *out)
{
	struct tl_p9_qid qid = {.path = dent->ino};
	struct stat st;

	if (tl_p9_room(out) < 13u + 8u + 1u + 2u + strlen(dent->name))
		return false;
	/* Above the root there is nothing to be seen. */
	if (!*fid->path && !strcmp(dent->name, "..") && !fstat(p9->root, &st))
		qid.path = st.st_ino;
	qid.type = dent->type == DT_DIR   ? TL_P9_QT_DIR
		   : dent->type == DT_LNK ? TL_P9_QT_SYMLINK
					  : TL_P9_QT_FILE;
	tl_p9_put_qid(out, &qid);
	tl_p9_put64(out, dent->off);
	tl_p9_put8(out, dent->type);
	tl_p9_put_text(out, dent->name);
	return true;
}

/* Entries until there is no more room or no more entry. Returns how many, or -errno. */
static long put_entries(struct tl_p9 *p9, const struct tl_p9_fid *fid, struct tl_p9_out *out)
{
	_Alignas(struct dent) char dents[DENTS_BYTES];
	long count = 0;

	for (;;) {
		long n = syscall(SYS_getdents64, fid->fd, dents, sizeof(dents));

		if (n <= 0)
			return n < 0 ? -errno : count;
		for (long at = 0; at < n; count++) {
			const struct dent *dent = (const struct dent *)(dents + at);

			if (!put_entry(p9, fid, dent, out))
				return count ? count : -EINVAL;
			at += dent->reclen;
		}
	}
}

int tl_p9_readdir(struct tl_p9 *p9, struct tl_p9_in *in, struct tl_p9_out *out)
{
	struct tl_p9_fid *fid;
	int ret = tl_p9_get_open_fid(p9, in, &fid);
	uint64_t offset = tl_p9_get64(in);
	uint32_t count = tl_p9_get32(in);
	size_t start = out->used + 4;
	struct tl_p9_out entries;
	long n;

	if (ret || !tl_p9_get_end(in))
		return ret ? ret : -EPROTO;
	if (fid->type != TL_P9_QT_DIR)
		return -ENOTDIR;
	/* The offset of an entry is the host's, and means what the host's file system likes. */
	if (offset > INT64_MAX || lseek(fid->fd, (off_t)offset, SEEK_SET) < 0)
		return -EINVAL;
	tl_p9_put32(out, 0);
	entries = *out;
	if (count < tl_p9_room(out))
		entries.size = entries.used + count;
	n = put_entries(p9, fid, &entries);
	if (n < 0)
		return (int)n;
	out->used = entries.used;
	tl_p9_set32(out, start - 4, (uint32_t)(out->used - start));
	return 0;
}

int tl_p9_fsync(struct tl_p9 *p9, struct tl_p9_in *in, struct tl_p9_out *out)
{
	struct tl_p9_fid *fid;
	int ret = tl_p9_get_open_fid(p9, in, &fid);
	uint32_t only_data = tl_p9_get32(in);

	(void)out;
	if (ret || !tl_p9_get_end(in))
		return ret ? ret : -EPROTO;
	return (only_data ? fdatasync(fid->fd) : fsync(fid->fd)) ? -errno : 0;
}

/* Locks are the guest's own: its kernel has taken it before it asks here. */
int tl_p9_lock(struct tl_p9 *p9, struct tl_p9_in *in, struct tl_p9_out *out)
{
	char client[TL_P9_NAME + 1];
	struct tl_p9_fid *fid;
	int ret = tl_p9_get_open_fid(p9, in, &fid);

	/* type[1] flags[4] start[8] length[8] proc_id[4] */
	(void)tl_p9_get_bytes(in, 25);
	ret = ret ? ret : tl_p9_get_text(in, client, TL_P9_NAME);
	if (ret || !tl_p9_get_end(in))
		return ret ? ret : -EPROTO;
	tl_p9_put8(out, LOCK_SUCCESS);
	return 0;
}

int tl_p9_getlock(struct tl_p9 *p9, struct tl_p9_in *in, struct tl_p9_out *out)
{
	char client[TL_P9_NAME + 1];
	struct tl_p9_fid *fid;
	int ret = tl_p9_get_open_fid(p9, in, &fid);
	uint64_t start, length;
	uint32_t process;

	(void)tl_p9_get8(in);
	start = tl_p9_get64(in);
	length = tl_p9_get64(in);
	process = tl_p9_get32(in);
	ret = ret ? ret : tl_p9_get_text(in, client, TL_P9_NAME);
	if (ret || !tl_p9_get_end(in))
		return ret ? ret : -EPROTO;
	tl_p9_put8(out, LOCK_UNLOCKED);
	tl_p9_put64(out, start);
	tl_p9_put64(out, length);
	tl_p9_put32(out, process);
	tl_p9_put_text(out, client);
	return 0;
}
