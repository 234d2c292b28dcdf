//go:build darwin

package transportnative

// tcpNotSentLowat is TCP_NOTSENT_LOWAT of netinet/tcp.h.
const tcpNotSentLowat = 0x201
