/* The floor: one thread, one level-triggered epoll, a read and a write per event. It knows no protocol and has no
 * timers; what a peer can't take is kept, and its source isn't read meanwhile.
 *
 *   splice LISTENPORT BACKENDPORT
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

struct side {
	int fd, eof;
	struct side *peer;
	char *kept; /* bytes for this side that it could not take */
	size_t at, length;
	struct side *next; /* of the sides to be freed after this round */
};

static int loop;
static struct side *dead;
static char buffer[65536];

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void watch(struct side *s, int how)
{
	struct epoll_event e = {.data.ptr = s};
	if (!s->eof && !s->peer->length)
		e.events |= EPOLLIN;
	if (s->length)
		e.events |= EPOLLOUT;
	epoll_ctl(loop, how, s->fd, &e);
}

static void finish(struct side *s)
{
	if (s->fd < 0)
		return;
	for (int i = 0; i < 2; i++, s = s->peer) {
		close(s->fd);
		s->fd = -1;
		s->next = dead;
		dead = s;
	}
}

static void readable(struct side *s)
{
	struct side *to = s->peer;
	ssize_t n = read(s->fd, buffer, sizeof buffer), done;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0) {
		finish(s);
		return;
	}
	if (n == 0) {
		s->eof = 1;
		shutdown(to->fd, SHUT_WR);
		if (to->eof)
			finish(s);
		else
			watch(s, EPOLL_CTL_MOD);
		return;
	}
	done = write(to->fd, buffer, n);
	if (done < 0 && errno != EAGAIN) {
		finish(s);
		return;
	}
	if (done < 0)
		done = 0;
	if (done < n) {
		to->kept = malloc(n - done);
		memcpy(to->kept, buffer + done, n - done);
		to->at = 0;
		to->length = n - done;
		watch(s, EPOLL_CTL_MOD);
		watch(to, EPOLL_CTL_MOD);
	}
}

static void writable(struct side *s)
{
	ssize_t n = write(s->fd, s->kept + s->at, s->length);
	if (n < 0) {
		if (errno != EAGAIN)
			finish(s);
		return;
	}
	s->at += n;
	s->length -= n;
	if (s->length == 0) {
		free(s->kept);
		s->kept = NULL;
		watch(s, EPOLL_CTL_MOD);
		watch(s->peer, EPOLL_CTL_MOD);
	}
}

static void admit(int listener, struct sockaddr_in *backend)
{
	int one = 1, client;
	while ((client = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
		int server = socket(AF_INET, SOCK_STREAM, 0);
		if (server < 0 || connect(server, (void *)backend, sizeof *backend) < 0) {
			close(client);
			close(server);
			continue;
		}
		fcntl(server, F_SETFL, O_NONBLOCK);
		setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
		setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
		struct side *a = calloc(1, sizeof *a), *b = calloc(1, sizeof *b);
		a->fd = client, a->peer = b;
		b->fd = server, b->peer = a;
		watch(a, EPOLL_CTL_ADD);
		watch(b, EPOLL_CTL_ADD);
	}
}

static struct sockaddr_in loopback(const char *port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(atoi(port)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	return a;
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: splice LISTENPORT BACKENDPORT\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	struct sockaddr_in here = loopback(argv[1]), backend = loopback(argv[2]);
	int one = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (bind(listener, (void *)&here, sizeof here) < 0 || listen(listener, 1024) < 0)
		die("listen");
	loop = epoll_create1(0);
	struct epoll_event events[256], e = {.events = EPOLLIN, .data.ptr = NULL};
	epoll_ctl(loop, EPOLL_CTL_ADD, listener, &e);
	for (;;) {
		int n = epoll_wait(loop, events, 256, -1);
		for (int i = 0; i < n; i++) {
			struct side *s = events[i].data.ptr;
			if (!s) {
				admit(listener, &backend);
				continue;
			}
			if (s->fd >= 0 && s->length && (events[i].events & (EPOLLOUT | EPOLLHUP | EPOLLERR)))
				writable(s);
			if (s->fd >= 0 && !s->peer->length && (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
				readable(s);
		}
		while (dead) {
			struct side *s = dead;
			dead = s->next;
			free(s->kept);
			free(s);
		}
	}
}
