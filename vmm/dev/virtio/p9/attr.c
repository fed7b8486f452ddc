/* SPDX-License-Identifier: MIT */
/*
 * What is known of a file, and changing it (9P2000.L: getattr, setattr, statfs, readlink).
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "vmm/dev/virtio/p9/server.h"

/* Which of the numbers of Rgetattr are valid: all but the last four (btime, gen, data_version). */
#define GETATTR_BASIC UINT64_C(0x7ff)

/* What Tsetattr changes. */
#define SET_MODE      0x001u
#define SET_UID       0x002u
#define SET_GID       0x004u
#define SET_SIZE      0x008u
#define SET_ATIME     0x010u
#define SET_MTIME     0x020u
#define SET_ATIME_NOW 0x080u /* cleared: the host's time */
#define SET_MTIME_NOW 0x100u

#define NSEC 1000000000u

struct changes {
	uint32_t valid, mode, uid, gid;
	uint64_t size;
	struct timespec times[2];
};

/* Of an open file, whatever has become of its name. */
static int stat_fid(struct tl_p9 *p9, const struct tl_p9_fid *fid, struct stat *st)
{
	if (fid->fd >= 0)
		return fstat(fid->fd, st) ? -errno : 0;
	return fid->gone ? -ENOENT : tl_beneath_stat(p9->root, fid->path, st);
}

static void put_time(struct tl_p9_out *out, const struct timespec *time)
{
	tl_p9_put64(out, (uint64_t)time->tv_sec);
	tl_p9_put64(out, (uint64_t)time->tv_nsec);
}

int tl_p9_getattr(struct tl_p9 *p9, struct tl_p9_in *in, struct tl_p9_out *out)
{
	struct tl_p9_fid *fid;
	int ret = tl_p9_get_any_fid(p9, in, &fid);
	struct tl_p9_qid qid;
	struct stat st;

	(void)tl_p9_get64(in); /* which ones are wanted: it gets all */
	if (ret || !tl_p9_get_end(in))
		return ret ? ret : -EPROTO;
	ret = stat_fid(p9, fid, &st);
	if (ret)
		return ret;
	tl_p9_make_qid(p9, &st, &qid);
	tl_p9_put64(out, GETATTR_BASIC);
	tl_p9_put_qid(out, &qid);
	tl_p9_put32(out, st.st_mode);
	tl_p9_put32(out, st.st_uid);
	tl_p9_put32(out, st.st_gid);
	tl_p9_put64(out, st.st_nlink);
	tl_p9_put64(out, st.st_rdev);
	tl_p9_put64(out, (uint64_t)st.st_size);
	tl_p9_put64(out, (uint64_t)st.st_blksize);
	tl_p9_put64(out, (uint64_t)st.st_blocks);
	put_time(out, &st.st_atim);
	put_time(out, &st.st_mtim);
	put_time(out, &st.st_ctim);
	for (unsigned int i = 0; i < 4; i++)
		tl_p9_put64(out, 0);
	return 0;
}

static int get_time(struct tl_p9_in *in, bool change, bool given, struct timespec *time)
{
	uint64_t sec = tl_p9_get64(in), nsec = tl_p9_get64(in);

	*time = (struct timespec){.tv_nsec = change ? UTIME_NOW : UTIME_OMIT};
	if (!change || !given)
		return 0;
	if (nsec >= NSEC)
		return -EINVAL;
	*time = (struct timespec){(time_t)sec, (long)nsec};
	return 0;
}

static int get_changes(struct tl_p9_in *in, struct changes *changes)
{
	int ret;

	changes->valid = tl_p9_get32(in);
	changes->mode = tl_p9_get32(in) & TL_P9_MODE;
	changes->uid = tl_p9_get32(in);
	changes->gid = tl_p9_get32(in);
	changes->size = tl_p9_get64(in);
	ret = get_time(
		in, changes->valid & SET_ATIME, changes->valid & SET_ATIME_NOW, &changes->times[0]);
	if (get_time(in, changes->valid & SET_MTIME, changes->valid & SET_MTIME_NOW,
		    &changes->times[1]))
		ret = -EINVAL;
	if (!tl_p9_get_end(in))
		return -EPROTO;
	return (changes->valid & SET_SIZE) && changes->size > INT64_MAX ? -EINVAL : ret;
}

static int set_size(struct tl_p9 *p9, const struct tl_p9_fid *fid, uint64_t size)
{
	struct stat st;
	int fd, ret;

	if (fid->fd >= 0 && (fid->flags & O_ACCMODE) != O_RDONLY)
		return ftruncate(fid->fd, (off_t)size) ? -errno : 0;
	fd = fid->gone ? -ENOENT : tl_beneath_open(p9->root, fid->path, O_WRONLY, &st);
	if (fd < 0)
		return fd;
	ret = ftruncate(fd, (off_t)size) ? -errno : 0;
	close(fd);
	return ret;
}

static uid_t owner(const struct changes *changes)
{
	return changes->valid & SET_UID ? changes->uid : (uid_t)-1;
}

static gid_t group(const struct changes *changes)
{
	return changes->valid & SET_GID ? changes->gid : (gid_t)-1;
}

static int change_open(int fd, const struct changes *changes)
{
	if ((changes->valid & (SET_UID | SET_GID)) && fchown(fd, owner(changes), group(changes)))
		return -errno;
	if ((changes->valid & SET_MODE) && fchmod(fd, changes->mode))
		return -errno;
	if ((changes->valid & (SET_ATIME | SET_MTIME)) && futimens(fd, changes->times))
		return -errno;
	return 0;
}

static int change_at(const struct tl_p9_place *place, const struct changes *changes)
{
	const int how = AT_SYMLINK_NOFOLLOW;

	if ((changes->valid & (SET_UID | SET_GID)) &&
		fchownat(place->dir, place->name, owner(changes), group(changes), how))
		return -errno;
	if ((changes->valid & SET_MODE) && fchmodat(place->dir, place->name, changes->mode, how))
		return -errno;
	if ((changes->valid & (SET_ATIME | SET_MTIME)) &&
		utimensat(place->dir, place->name, changes->times, how))
		return -errno;
	return 0;
}

int tl_p9_setattr(struct tl_p9 *p9, struct tl_p9_in *in, struct tl_p9_out *out)
{
	struct tl_p9_place place;
	struct tl_p9_fid *fid;
	struct changes changes;
	int ret = tl_p9_get_any_fid(p9, in, &fid);

	(void)out;
	ret = ret ? ret : get_changes(in, &changes);
	/* First the size, which changes a time, too. */
	if (!ret && (changes.valid & SET_SIZE))
		ret = set_size(p9, fid, changes.size);
	if (ret)
		return ret;
	if (fid->fd >= 0)
		return change_open(fid->fd, &changes);
	ret = fid->gone ? -ENOENT : tl_beneath_place(p9->root, fid->path, &place);
	if (ret)
		return ret;
	ret = change_at(&place, &changes);
	tl_beneath_leave(&place);
	return ret;
}

int tl_p9_statfs(struct tl_p9 *p9, struct tl_p9_in *in, struct tl_p9_out *out)
{
	struct tl_p9_place place;
	struct tl_p9_fid *fid;
	struct statfs fs;
	uint64_t id;
	int ret = tl_p9_get_fid(p9, in, &fid);

	if (ret || !tl_p9_get_end(in))
		return ret ? ret : -EPROTO;
	ret = tl_beneath_place(p9->root, fid->path, &place);
	if (ret)
		return ret;
	ret = fstatfs(place.dir, &fs) ? -errno : 0;
	tl_beneath_leave(&place);
	if (ret)
		return ret;
	_Static_assert(sizeof(fs.f_fsid) == sizeof(id), "the number of a file system");
	memcpy(&id, &fs.f_fsid, sizeof(id));
	tl_p9_put32(out, (uint32_t)fs.f_type);
	tl_p9_put32(out, (uint32_t)fs.f_bsize);
	tl_p9_put64(out, fs.f_blocks);
	tl_p9_put64(out, fs.f_bfree);
	tl_p9_put64(out, fs.f_bavail);
	tl_p9_put64(out, fs.f_files);
	tl_p9_put64(out, fs.f_ffree);
	tl_p9_put64(out, id);
	tl_p9_put32(out, (uint32_t)fs.f_namelen);
	return 0;
}

int tl_p9_readlink(struct tl_p9 *p9, struct tl_p9_in *in, struct tl_p9_out *out)
{
	char target[TL_P9_PATH];
	struct tl_p9_place place;
	struct tl_p9_fid *fid;
	ssize_t n;
	int ret = tl_p9_get_fid(p9, in, &fid);

	if (ret || !tl_p9_get_end(in))
		return ret ? ret : -EPROTO;
	ret = tl_beneath_place(p9->root, fid->path, &place);
	if (ret)
		return ret;
	n = readlinkat(place.dir, place.name, target, sizeof(target) - 1);
	ret = n < 0 ? -errno : 0;
	tl_beneath_leave(&place);
	if (ret)
		return ret;
	target[n] = 0;
	tl_p9_put_text(out, target);
	return 0;
}
