/* SPDX-License-Identifier: MIT */
/*
 * A terminal, and a driver of several ports.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/unix_socket.h"
#include "tests/unit/fake_log.h"
#include "tests/unit/fake_virtio.h"
#include "tests/unit/mmio.h"
#include "tests/unit/vq.h"
#include "tests/unit/fake_ports.h"
#include "vmm/core/loop.h"

#define WAIT_MS     20000
#define STUCK_S     120
#define MESSAGE     64u /* bytes of room for one */
#define BYTES_OF(q) (BASE + (UINT64_C(4) << 20) * ((q) + 1))

static char folder[] = "/tmp/trapline-port-XXXXXX";
const struct tl_port ports_two[2] = {{"a", "agent"}, {"b", "log.1"}};

struct terminal terminal = {.lock = PTHREAD_MUTEX_INITIALIZER};
_Atomic unsigned int ports_polls, ports_uid;
uint16_t ports_cols, ports_rows;

static struct {
	uint16_t heads, offered;
	uint64_t bytes; /* of the next chain, from BYTES_OF() */
} queues[QUEUES];
static uint16_t messages;     /* that were expected, and came */
static const uint8_t *answer; /* where the first one is */

int __real_poll(struct pollfd *fds, nfds_t count, int ms);
int __wrap_poll(struct pollfd *fds, nfds_t count, int ms);
int __wrap_ioctl(int fd, unsigned long request, void *arg);
int __real_getsockopt(int fd, int level, int name, void *value, socklen_t *size);
int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *size);

int __wrap_poll(struct pollfd *fds, nfds_t count, int ms)
{
	ports_polls += ms < 0;
	return __real_poll(fds, count, ms);
}

int __wrap_ioctl(int fd, unsigned long request, void *arg)
{
	const struct winsize size = {.ws_col = ports_cols, .ws_row = ports_rows};

	assert_int_equal(fd, STDOUT_FILENO);
	assert_int_equal(request, TIOCGWINSZ);
	memcpy(arg, &size, sizeof(size));
	return ports_cols ? 0 : -1;
}

int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *size)
{
	int ret = __real_getsockopt(fd, level, name, value, size);

	if (!ret && ports_uid && level == SOL_SOCKET && name == SO_PEERCRED)
		((struct ucred *)value)->uid = ports_uid;
	return ret;
}

void tl_loop_wake(struct tl_loop *loop)
{
	pthread_mutex_lock(&terminal.lock);
	terminal.bad += (void *)loop != &terminal;
	terminal.wakes++;
	pthread_mutex_unlock(&terminal.lock);
}

void tl_console_set_sink(struct tl_console *console, const struct tl_console_sink *sink)
{
	terminal.bad += (void *)console != &terminal;
	terminal.sink = *sink;
}

/* As the real one: what fits less than 4 KiB is left for after "full". */
void tl_console_tx(struct tl_console *console, const uint8_t *bytes, size_t count)
{
	pthread_mutex_lock(&terminal.lock);
	terminal.bad += (void *)console != &terminal || count > 4096 ||
			terminal.count >= terminal.limit ||
			count > sizeof(terminal.bytes) - terminal.count;
	if (!terminal.bad)
		memcpy(terminal.bytes + terminal.count, bytes, count);
	terminal.count += count;
	pthread_mutex_unlock(&terminal.lock);
}

bool tl_console_tx_full(struct tl_console *console)
{
	bool full;

	pthread_mutex_lock(&terminal.lock);
	terminal.bad += (void *)console != &terminal;
	full = terminal.count >= terminal.limit;
	pthread_mutex_unlock(&terminal.lock);
	return full;
}

void terminal_limit(size_t limit)
{
	pthread_mutex_lock(&terminal.lock);
	terminal.limit = limit;
	pthread_mutex_unlock(&terminal.lock);
}

static size_t terminal_count(void)
{
	size_t count;

	pthread_mutex_lock(&terminal.lock);
	count = terminal.count;
	pthread_mutex_unlock(&terminal.lock);
	return count;
}

void terminal_expect(const void *bytes, size_t count)
{
	for (int ms = 0; terminal_count() < count && ms < WAIT_MS; ms++)
		usleep(1000);
	assert_int_equal(terminal_count(), count);
	assert_int_equal(terminal.bad, 0);
	assert_memory_equal(terminal.bytes, bytes, count);
}

struct ports_rings ports_rings(unsigned int queue)
{
	uint64_t at = BASE + UINT64_C(0x10000) * (queue + 1);

	return (struct ports_rings){at, at + 0x2000, at + 0x4000};
}

static void forget(void)
{
	terminal.count = terminal.bad = terminal.wakes = 0;
	terminal.limit = sizeof(terminal.bytes) - 4096;
	ports_uid = ports_cols = ports_rows = 0;
}

void ports_start(struct tl_dev *dev, uint64_t features)
{
	assert_true(negotiate(dev, VERSION1 | features));
	for (unsigned int queue = 0; queue < QUEUES; queue++) {
		struct ports_rings rings = ports_rings(queue);

		memset(at(rings.desc), 0, 0x6000);
		memset(&queues[queue], 0, sizeof(queues[queue]));
		set_queue_of(dev, queue, QUEUE_SIZE, rings.desc, rings.avail, rings.used);
	}
	messages = 0;
	set(dev, STATUS, RUNNING);
	assert_int_equal(get(dev, STATUS), RUNNING);
}

uint8_t *ports_offer(unsigned int queue, const void *bytes, const uint32_t *sizes)
{
	struct ports_rings rings = ports_rings(queue);
	uint16_t idx = queues[queue].offered++, head = queues[queue].heads % QUEUE_SIZE;
	uint64_t start, size = 0;

	/* Enough for the largest one that a test has. */
	if (queues[queue].bytes > (UINT64_C(3) << 20))
		queues[queue].bytes = 0;
	start = BYTES_OF(queue) + queues[queue].bytes;
	for (unsigned int i = 0; sizes[i]; i++) {
		unsigned int n = queues[queue].heads++ % QUEUE_SIZE;

		put(rings.desc, n,
			(struct desc){start + size, sizes[i],
				(uint16_t)((bytes ? 0 : WRITE) | (sizes[i + 1] ? NEXT : 0)),
				(uint16_t)((n + 1) % QUEUE_SIZE)});
		size += sizes[i];
	}
	queues[queue].bytes += size;
	/* A worker that is awake may see the request before anybody notifies of it. */
	if (bytes)
		memcpy(at(start), bytes, size);
	*at16(rings.avail + 4 + 2ul * (idx % QUEUE_SIZE)) = head;
	__atomic_store_n(at16(rings.avail + 2), (uint16_t)(idx + 1), __ATOMIC_RELEASE);
	return at(start);
}

void ports_kick(unsigned int queue)
{
	assert_int_equal(eventfd_write(fake_virtio.kick_fds[queue], 1), 0);
}

uint8_t *ports_room(unsigned int queue, uint32_t size)
{
	uint8_t *bytes = ports_offer(queue, NULL, (uint32_t[]){size, 0});

	ports_kick(queue);
	return bytes;
}

void ports_send(unsigned int queue, const void *bytes, uint32_t size)
{
	ports_offer(queue, bytes, (uint32_t[]){size, 0});
	ports_kick(queue);
}

uint16_t ports_used(unsigned int queue)
{
	return __atomic_load_n(at16(ports_rings(queue).used + 2), __ATOMIC_ACQUIRE);
}

uint32_t ports_wait(unsigned int queue, uint16_t count)
{
	for (int ms = 0; ports_used(queue) != count && ms < WAIT_MS; ms++)
		usleep(1000);
	assert_int_equal(ports_used(queue), count);
	return *at32(ports_rings(queue).used + 8 + 8ul * ((count - 1u) % QUEUE_SIZE));
}

void ports_tell(uint32_t port, uint16_t event, uint16_t value)
{
	const struct {
		uint32_t port;
		uint16_t event, value;
	} message = {port, event, value};

	ports_send(CONTROL + 1, &message, sizeof(message));
	assert_int_equal(ports_wait(CONTROL + 1, queues[CONTROL + 1].offered), 0);
}

void ports_expect(uint32_t port, uint16_t event, uint16_t value, const void *more, size_t size)
{
	const struct {
		uint32_t port;
		uint16_t event, value;
	} message = {port, event, value};

	/* Room for all that can come, from the first time on. */
	if (!queues[CONTROL].offered)
		answer = ports_offer(CONTROL, NULL, (uint32_t[]){MESSAGE, 0});
	while (queues[CONTROL].offered < QUEUE_SIZE)
		ports_offer(CONTROL, NULL, (uint32_t[]){MESSAGE, 0});
	ports_kick(CONTROL);
	for (int ms = 0; ports_used(CONTROL) <= messages && ms < WAIT_MS; ms++)
		usleep(1000);
	assert_true(ports_used(CONTROL) > messages);
	assert_int_equal(*at32(ports_rings(CONTROL).used + 8 + 8ul * messages), 8 + size);
	assert_memory_equal(answer + 64ul * messages, &message, sizeof(message));
	assert_memory_equal(answer + 64ul * messages + 8, more, size);
	messages++;
}

/* An empty request to the first port is done after what was at work before. */
void ports_settle(void)
{
	for (unsigned int i = 0; i < 2; i++) {
		ports_offer(OUT(0), NULL, (uint32_t[]){1, 0});
		ports_kick(OUT(0));
		ports_wait(OUT(0), queues[OUT(0)].offered);
	}
}

void ports_expect_none(void)
{
	ports_settle();
	assert_int_equal(ports_used(CONTROL), messages);
}

void ports_expect_calm(void)
{
	unsigned int before;

	ports_settle();
	before = ports_polls;
	usleep(50000);
	assert_in_range(ports_polls, before, before + 20);
}

int ports_create(struct tl_dev **dev, bool has_console, const struct tl_port *ports)
{
	struct tl_dev_env env = fake_virtio_env(&mem);

	env.console = (void *)&terminal;
	env.loop = (void *)&terminal;
	return tl_virtio_console_create(dev, &env, PLACE, SPI, has_console, ports, 2);
}

int ports_setup(void **state)
{
	alarm(STUCK_S);
	fake_log_reset(NULL);
	memset(&fake_virtio, 0, sizeof(fake_virtio));
	if (ram_init())
		return -1;
	forget();
	return ports_create((struct tl_dev **)state, true, ports_two);
}

int ports_teardown(void **state)
{
	struct tl_dev *dev = *state;
	struct stat st;

	dev->ops->fini(dev);
	tl_mem_fini(&ram);
	return fake_log_count() || fake_virtio.bad_calls || terminal.bad || !lstat("a", &st) ||
	       !lstat("b", &st);
}

int ports_connect(const char *path)
{
	int fd = tl_unix_connect(path);

	assert_true(fd >= 0);
	return fd;
}

/* All of it comes from the other end. */
void ports_expect_read(int fd, const void *bytes, size_t count)
{
	uint8_t *got = malloc(count);

	assert_non_null(got);
	assert_int_equal(recv(fd, got, count, MSG_WAITALL), count);
	assert_memory_equal(got, bytes, count);
	free(got);
}

void ports_put_text(int fd, const char *text)
{
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

/* The driver knows port 1, and somebody in the guest has it open. */
void ports_open(struct tl_dev *dev)
{
	ports_start(dev, MULTIPORT);
	ports_tell(1, PORT_READY, 1);
	ports_expect(1, PORT_NAME, 1, "agent", 5);
	ports_tell(1, PORT_OPEN, 1);
}

uint8_t *ports_pattern(size_t size, unsigned int seed)
{
	uint8_t *bytes = malloc(size);

	assert_non_null(bytes);
	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)((i * 7 + i / 251 + seed) % 253);
	return bytes;
}

int ports_group_setup(void **state)
{
	(void)state;
	return !mkdtemp(folder) || chdir(folder);
}

int ports_group_teardown(void **state)
{
	(void)state;
	return chdir("/") || rmdir(folder);
}
