/* SPDX-License-Identifier: MIT */
/*
 * The kernel reads and writes the guest's memory itself, so a ring is drained before that
 * memory is another's: at a reset, and at the end. Whoever drains is not who submits, which
 * is why the ring is none for a single issuer.
 */
#include "vmm/dev/virtio/blk_ring.h"

#include <errno.h>
#include <liburing.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

/* Submission queue: one page of entries. Completions: as many as a queue has requests. */
#define SUBMIT_MAX 64u
/* Segments that need no memory of their own: most requests of 4 KiB have one. */
#define FEW 4u

struct io {
	struct io *next; /* of those that are free */
	uint16_t head;
	uint8_t type;
	uint8_t *status;
	uint64_t at;
	uint32_t written; /* when it has been carried out */
	unsigned int count;
	struct iovec *iov;  /* what is left of it: in `few` or `many` */
	struct iovec *many; /* NULL: `few` is enough */
	struct iovec few[FEW];
};

struct tl_blk_ring {
	struct tl_blk_file *file;
	tl_blk_done_fn *done;
	void *opaque;
	struct io_uring uring;
	unsigned int in_flight; /* those of `added` included */
	struct io *added[SUBMIT_MAX];
	unsigned int added_count;
	int dead; /* why nothing can be handed over any more, or 0 */
	struct io *free;
};

static int init(struct io_uring *uring, unsigned int flags)
{
	struct io_uring_params params = {
		.flags = IORING_SETUP_CQSIZE | IORING_SETUP_R_DISABLED | flags,
		.cq_entries = TL_VQ_SIZE_MAX};

	return io_uring_queue_init_params(SUBMIT_MAX, uring, &params);
}

/*
 * A ring carries out what no filter of system calls sees. So it is made to take nothing but what
 * a disk needs, for ever (Linux 5.10).
 */
static int restrict_ring(struct io_uring *uring)
{
	struct io_uring_restriction only[] = {
		{.opcode = IORING_RESTRICTION_SQE_OP, .sqe_op = IORING_OP_READ},
		{.opcode = IORING_RESTRICTION_SQE_OP, .sqe_op = IORING_OP_READV},
		{.opcode = IORING_RESTRICTION_SQE_OP, .sqe_op = IORING_OP_WRITE},
		{.opcode = IORING_RESTRICTION_SQE_OP, .sqe_op = IORING_OP_WRITEV},
		{.opcode = IORING_RESTRICTION_SQE_OP, .sqe_op = IORING_OP_FSYNC},
	};
	int fd = uring->ring_fd;
	int ret = io_uring_register(
		fd, IORING_REGISTER_RESTRICTIONS, only, sizeof(only) / sizeof(only[0]));

	return ret ? ret : io_uring_register(fd, IORING_REGISTER_ENABLE_RINGS, NULL, 0);
}

int tl_blk_ring_create(
	struct tl_blk_ring **made, struct tl_blk_file *file, tl_blk_done_fn *done, void *opaque)
{
	struct tl_blk_ring *ring = calloc(1, sizeof(*ring));
	int ret;

	*made = NULL;
	if (!ring)
		return -ENOMEM;
	ring->file = file;
	ring->done = done;
	ring->opaque = opaque;
	/* Linux 5.19 has both: no interrupt of the worker's own code when something is done. */
	ret = init(&ring->uring, IORING_SETUP_COOP_TASKRUN | IORING_SETUP_SUBMIT_ALL);
	if (ret == -EINVAL)
		ret = init(&ring->uring, 0);
	/* Linux 5.10 has all that is used here. */
	if (!ret) {
		ret = restrict_ring(&ring->uring);
		if (ret)
			io_uring_queue_exit(&ring->uring);
	}
	if (ret) {
		free(ring);
		return ret;
	}
	*made = ring;
	return 0;
}

int tl_blk_ring_fd(const struct tl_blk_ring *ring)
{
	return ring->uring.ring_fd;
}

unsigned int tl_blk_ring_in_flight(const struct tl_blk_ring *ring)
{
	return ring->in_flight;
}

static struct io *get_io(struct tl_blk_ring *ring, const struct tl_blk_request *request)
{
	unsigned int most = request->chain->out + request->chain->in;
	struct io *io = ring->free;

	if (io)
		ring->free = io->next;
	else
		io = malloc(sizeof(*io));
	if (!io)
		return NULL;
	io->many = most > FEW ? malloc(most * sizeof(*io->many)) : NULL;
	io->iov = io->many ? io->many : io->few;
	if (most <= FEW || io->many)
		return io;
	io->next = ring->free;
	ring->free = io;
	return NULL;
}

static void put_io(struct tl_blk_ring *ring, struct io *io)
{
	free(io->many);
	io->next = ring->free;
	ring->free = io;
}

/* The submission queue has room for all of `added`, and of that there is room for one. */
static void prepare(struct tl_blk_ring *ring, struct io *io)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring->uring);
	unsigned int length = io->count == 1 ? (unsigned int)io->iov->iov_len : 0;
	int fd = ring->file->fd;

	if (io->type == TL_BLK_T_FLUSH)
		io_uring_prep_fsync(sqe, fd, IORING_FSYNC_DATASYNC);
	else if (io->type == TL_BLK_T_IN && length)
		io_uring_prep_read(sqe, fd, io->iov->iov_base, length, io->at);
	else if (io->type == TL_BLK_T_IN)
		io_uring_prep_readv(sqe, fd, io->iov, io->count, io->at);
	else if (length)
		io_uring_prep_write(sqe, fd, io->iov->iov_base, length, io->at);
	else
		io_uring_prep_writev(sqe, fd, io->iov, io->count, io->at);
	if (io->type == TL_BLK_T_OUT && ring->file->write_through)
		sqe->rw_flags = RWF_DSYNC;
	io_uring_sqe_set_data(sqe, io);
	ring->added[ring->added_count++] = io;
}

static void finish(struct tl_blk_ring *ring, struct io *io, int ret)
{
	static const char *const what[] = {[TL_BLK_T_IN] = "reading",
		[TL_BLK_T_OUT] = "writing",
		[TL_BLK_T_FLUSH] = "flushing"};

	if (ret)
		tl_blk_file_failed(ring->file, what[io->type], ret);
	*io->status = ret ? TL_BLK_S_IOERR : TL_BLK_S_OK;
	ring->done(ring->opaque, io->head, ret ? 1 : io->written + 1);
	ring->in_flight--;
	put_io(ring, io);
}

/* What the ring cannot do, the ordinary calls may. */
static void finish_here(struct tl_blk_ring *ring, struct io *io)
{
	finish(ring, io,
		io->type == TL_BLK_T_FLUSH ? tl_blk_file_flush(ring->file)
					   : tl_blk_file_transfer(ring->file, io->iov, io->count,
						     io->at, io->type == TL_BLK_T_OUT));
}

/* An answer of the kernel. Returns whether the rest is to be submitted. */
static bool take_in(struct tl_blk_ring *ring, struct io *io, int res)
{
	if (res == -EAGAIN || res == -EINTR) {
		finish_here(ring, io);
	} else if (res < 0 || io->type == TL_BLK_T_FLUSH) {
		finish(ring, io, res);
	} else if (!res && io->count) {
		finish(ring, io, -EIO); /* the file has shrunk */
	} else {
		io->at += (uint64_t)res;
		io->count = tl_blk_advance(&io->iov, io->count, (size_t)res);
		if (io->count)
			return true;
		finish(ring, io, 0);
	}
	return false;
}

static struct io *next_done(struct tl_blk_ring *ring, int *res)
{
	struct io_uring_cqe *cqe;
	struct io *io;

	if (io_uring_peek_cqe(&ring->uring, &cqe))
		return NULL;
	io = io_uring_cqe_get_data(cqe);
	*res = cqe->res;
	io_uring_cqe_seen(&ring->uring, cqe);
	return io;
}

/* Hands over what it takes; returns 0 or why it takes no more. */
static int hand_over(struct tl_blk_ring *ring)
{
	unsigned int taken = 0;
	int ret = 0;

	while (taken < ring->added_count) {
		ret = io_uring_submit(&ring->uring);
		if (ret == -EINTR)
			continue;
		if (ret <= 0)
			break;
		taken += (unsigned int)ret;
	}
	ring->added_count -= taken;
	memmove(ring->added, ring->added + taken, ring->added_count * sizeof(ring->added[0]));
	return !ring->added_count ? 0 : ret ? ret : -EAGAIN;
}

/* Waits until something is done. Whoever waits, the worker or another, the kernel need not know. */
static void wait_for_any(struct tl_blk_ring *ring)
{
	struct pollfd polled = {.fd = ring->uring.ring_fd, .events = POLLIN};

	if (!io_uring_cq_ready(&ring->uring))
		(void)poll(&polled, 1, -1);
}

/* A kernel that has no memory for more may have some when others are done. */
static void make_room(struct tl_blk_ring *ring)
{
	struct io *io;
	int res;

	wait_for_any(ring);
	while ((io = next_done(ring, &res))) {
		if (take_in(ring, io, res))
			finish_here(ring, io);
	}
}

int tl_blk_ring_submit(struct tl_blk_ring *ring)
{
	int ret = ring->dead ? ring->dead : hand_over(ring);

	while (ret && ring->in_flight > ring->added_count) {
		make_room(ring);
		ret = ring->dead ? ring->dead : hand_over(ring);
	}
	if (!ret)
		return 0;
	/* The kernel will never look at these: nothing is handed over any more. */
	ring->dead = ret;
	for (unsigned int i = 0; i < ring->added_count; i++)
		finish_here(ring, ring->added[i]);
	ring->added_count = 0;
	return ret;
}

/* Adds it to what is to be handed over. Returns 0 or why that cannot be. */
static int add(struct tl_blk_ring *ring, struct io *io)
{
	int ret = ring->dead;

	if (!ret && ring->added_count == SUBMIT_MAX)
		ret = tl_blk_ring_submit(ring);
	if (!ret)
		prepare(ring, io);
	return ret;
}

int tl_blk_ring_add(struct tl_blk_ring *ring, const struct tl_blk_request *request)
{
	struct io *io = get_io(ring, request);
	int ret;

	if (!io)
		return -ENOMEM;
	io->head = request->chain->head;
	io->type = (uint8_t)request->type;
	io->status = request->status;
	io->at = request->at;
	io->count = request->type == TL_BLK_T_FLUSH ? 0 : tl_blk_request_data(request, io->iov);
	io->written = request->type == TL_BLK_T_IN ? (uint32_t)request->bytes : 0;
	ret = add(ring, io);
	if (ret)
		put_io(ring, io);
	else
		ring->in_flight++;
	return ret;
}

int tl_blk_ring_reap(struct tl_blk_ring *ring)
{
	struct io *io;
	int res;

	while ((io = next_done(ring, &res))) {
		if (take_in(ring, io, res) && add(ring, io))
			finish_here(ring, io);
	}
	return ring->added_count ? tl_blk_ring_submit(ring) : ring->dead;
}

void tl_blk_ring_drain(struct tl_blk_ring *ring)
{
	struct io *io;
	int res;

	while (ring->in_flight) {
		wait_for_any(ring);
		while ((io = next_done(ring, &res))) {
			ring->in_flight--;
			put_io(ring, io);
		}
	}
}

void tl_blk_ring_destroy(struct tl_blk_ring *ring)
{
	struct io *io;

	if (!ring)
		return;
	tl_blk_ring_drain(ring);
	io_uring_queue_exit(&ring->uring);
	while ((io = ring->free)) {
		ring->free = io->next;
		free(io);
	}
	free(ring);
}
