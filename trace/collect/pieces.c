/* SPDX-License-Identifier: MIT */
/*
 * A page is written at its place or not at all, so that whatever happens, what is there can
 * be read.
 */
#include "trace/collect/pieces.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "trace/record/recording.h"

#define COPY_BYTES (1u << 20)
/* How often what was written is sent on its way to the disk. */
#define FLUSH_NS 1000000000u

static void piece_path(
	const struct tl_pieces *pieces, const char *format, unsigned int cpu, char path[PATH_MAX])
{
	int length = snprintf(path, PATH_MAX, "%s/", pieces->path);

	snprintf(path + length, PATH_MAX - (size_t)length, format, cpu);
}

static int open_piece(struct tl_pieces *pieces, unsigned int cpu)
{
	char path[PATH_MAX];

	piece_path(pieces, TL_RECORDING_PIECE, cpu, path);
	pieces->fds[cpu] = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	return pieces->fds[cpu] < 0 ? -errno : 0;
}

static int create_all(struct tl_pieces *pieces, const struct tl_dat_header *header, char *path)
{
	int ret;

	snprintf(path, PATH_MAX, "%s", pieces->path);
	if (mkdir(path, 0777) && errno != EEXIST)
		return -errno;
	snprintf(path, PATH_MAX, "%s/%s", pieces->path, TL_RECORDING_DAT);
	/* Another one's recording is not to be lost. */
	pieces->dat_fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (pieces->dat_fd < 0)
		return -errno;
	ret = tl_dat_write_header(pieces->dat_fd, header, &pieces->table);
	/* Without it nothing of the rest can be read. */
	if (!ret && fdatasync(pieces->dat_fd))
		ret = -errno;
	for (unsigned int i = 0; i < pieces->cpus && !ret; i++) {
		piece_path(pieces, TL_RECORDING_PIECE, i, path);
		ret = open_piece(pieces, i);
	}
	return ret;
}

int tl_pieces_create(struct tl_pieces *pieces, const char *path, const struct tl_dat_header *header)
{
	char failed[PATH_MAX] = "";
	int ret = -ENAMETOOLONG;

	*pieces = (struct tl_pieces){
		.dat_fd = -1, .page_size = header->page_size, .cpus = header->cpus};
	pieces->fds = malloc(header->cpus * sizeof(*pieces->fds));
	if (!pieces->fds) {
		tl_log_error("cannot record: out of memory");
		return -ENOMEM;
	}
	for (unsigned int i = 0; i < pieces->cpus; i++)
		pieces->fds[i] = -1;
	if (strlen(path) < sizeof(pieces->path)) {
		snprintf(pieces->path, sizeof(pieces->path), "%s", path);
		ret = create_all(pieces, header, failed);
	}
	if (ret == -EEXIST)
		tl_log_error("cannot record: there is a recording in '%s' already; remove it, or "
			     "name another folder",
			path);
	else if (ret)
		tl_log_error("cannot record: %s: %s", failed[0] ? failed : path, strerror(-ret));
	return ret;
}

int tl_pieces_write(struct tl_pieces *pieces, unsigned int cpu, const void *pages, size_t size)
{
	off_t start = lseek(pieces->fds[cpu], 0, SEEK_CUR);
	size_t done = 0;
	int err;

	while (done < size) {
		ssize_t n = write(pieces->fds[cpu], (const char *)pages + done, size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	err = errno;
	pieces->bytes += done - done % pieces->page_size;
	if (done == size)
		return 0;
	/* Whole pages only. */
	start += (off_t)(done - done % pieces->page_size);
	if (ftruncate(pieces->fds[cpu], start) || lseek(pieces->fds[cpu], start, SEEK_SET) < 0)
		tl_log_warn("recording: cutting off half a page: %s", strerror(errno));
	return err ? -err : -ENOSPC;
}

int tl_pieces_turn(struct tl_pieces *pieces, uint64_t now_ns)
{
	char path[PATH_MAX], old[PATH_MAX];
	int ret = 0;

	if (!pieces->last_ns)
		return 0;
	if (!pieces->turned_ns)
		pieces->turned_ns = now_ns;
	if (now_ns - pieces->turned_ns < pieces->last_ns)
		return 0;
	pieces->turned_ns = now_ns;
	for (unsigned int i = 0; i < pieces->cpus && !ret; i++) {
		piece_path(pieces, TL_RECORDING_PIECE, i, path);
		piece_path(pieces, TL_RECORDING_PIECE_OLD, i, old);
		if (rename(path, old))
			return -errno;
		close(pieces->fds[i]);
		ret = open_piece(pieces, i);
	}
	return ret;
}

void tl_pieces_flush(struct tl_pieces *pieces, uint64_t now_ns)
{
	if (now_ns - pieces->flushed_ns < FLUSH_NS)
		return;
	pieces->flushed_ns = now_ns;
	for (unsigned int i = 0; i < pieces->cpus; i++) {
		/* A file system that cannot writes them when it thinks fit. */
		if (sync_file_range(pieces->fds[i], 0, 0, SYNC_FILE_RANGE_WRITE))
			return;
	}
}

/* The time at which a page begins, 0 behind the last one. */
static uint64_t page_time(int fd, off_t offset)
{
	uint64_t ts = 0;

	return pread(fd, &ts, sizeof(ts), offset) == sizeof(ts) ? ts : 0;
}

/* Where in a file of pages the last seconds before `end` begin. */
static off_t skip_old(const struct tl_pieces *pieces, int fd, off_t size, uint64_t since)
{
	off_t page = (off_t)pieces->page_size, at = 0;

	while (since && at + page < size && page_time(fd, at + page) < since)
		at += page;
	return at;
}

static int copy_range(struct tl_pieces *pieces, int fd, off_t from, off_t size)
{
	char *buffer = malloc(COPY_BYTES);
	int ret = buffer ? 0 : -ENOMEM;

	while (from < size && !ret) {
		ssize_t n = pread(fd, buffer, COPY_BYTES, from), done = 0;

		if (n <= 0)
			ret = n ? -errno : -EIO;
		while (done < n && !ret) {
			ssize_t m = write(pieces->dat_fd, buffer + done, (size_t)(n - done));

			if (m <= 0 && errno != EINTR)
				ret = m ? -errno : -ENOSPC;
			else if (m > 0)
				done += m;
		}
		from += n;
	}
	free(buffer);
	return ret;
}

/* One file of a CPU's goes to the end of trace.dat. One that is not there is empty. */
static int join_file(struct tl_pieces *pieces, const char *format, unsigned int cpu, uint64_t since)
{
	char path[PATH_MAX];
	struct stat st;
	int fd, ret;

	piece_path(pieces, format, cpu, path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	ret = fstat(fd, &st) ? -errno : 0;
	if (!ret)
		ret = copy_range(pieces, fd, skip_old(pieces, fd, st.st_size, since), st.st_size);
	close(fd);
	return ret;
}

static void remove_files(const struct tl_pieces *pieces, unsigned int cpu)
{
	char path[PATH_MAX];

	piece_path(pieces, TL_RECORDING_PIECE_OLD, cpu, path);
	unlink(path);
	piece_path(pieces, TL_RECORDING_PIECE, cpu, path);
	unlink(path);
}

static int join_cpu(struct tl_pieces *pieces, unsigned int cpu, uint64_t since)
{
	off_t page = (off_t)pieces->page_size;
	off_t start = lseek(pieces->dat_fd, 0, SEEK_END), end;
	int ret;

	if (start < 0)
		return -errno;
	/* trace-cmd maps it, and needs whole pages. */
	start = (start + page - 1) / page * page;
	ret = lseek(pieces->dat_fd, start, SEEK_SET) < 0 ? -errno : 0;
	ret = ret ? ret : join_file(pieces, TL_RECORDING_PIECE_OLD, cpu, since);
	ret = ret ? ret : join_file(pieces, TL_RECORDING_PIECE, cpu, since);
	end = lseek(pieces->dat_fd, 0, SEEK_CUR);
	if (!ret)
		ret = tl_dat_write_place(pieces->dat_fd, pieces->table, cpu, (uint64_t)start,
			(uint64_t)(end - start));
	if (ret) {
		/* What is in the pieces is not to be there twice. */
		if (ftruncate(pieces->dat_fd, start))
			tl_log_warn("recording: cutting trace.dat: %s", strerror(errno));
		return ret;
	}
	/* The power may go at any time: they are on the disk before their pieces go. */
	if (fdatasync(pieces->dat_fd))
		return -errno;
	remove_files(pieces, cpu);
	return 0;
}

/* From when on pages are kept. */
static uint64_t since_of(const struct tl_pieces *pieces)
{
	uint64_t last = 0;

	if (!pieces->last_ns)
		return 0;
	for (unsigned int i = 0; i < pieces->cpus; i++) {
		off_t size = lseek(pieces->fds[i], 0, SEEK_END);
		uint64_t ts = size >= (off_t)pieces->page_size
				      ? page_time(pieces->fds[i], size - (off_t)pieces->page_size)
				      : 0;

		if (ts > last)
			last = ts;
	}
	return last > pieces->last_ns ? last - pieces->last_ns : 0;
}

int tl_pieces_join(struct tl_pieces *pieces)
{
	uint64_t since = since_of(pieces);
	int ret = 0;

	for (unsigned int i = 0; i < pieces->cpus && !ret; i++)
		ret = join_cpu(pieces, i, since);
	if (ret)
		tl_log_error("recording: putting the CPUs' files into %s/" TL_RECORDING_DAT
			     ": %s; 'trapline report' reads them as they are",
			pieces->path, strerror(-ret));
	return ret;
}

void tl_pieces_fini(struct tl_pieces *pieces)
{
	for (unsigned int i = 0; pieces->fds && i < pieces->cpus; i++) {
		if (pieces->fds[i] >= 0)
			close(pieces->fds[i]);
	}
	free(pieces->fds);
	pieces->fds = NULL;
	if (pieces->dat_fd >= 0)
		close(pieces->dat_fd);
	pieces->dat_fd = -1;
}
