package parser

import (
	"fmt"
	"math"

	"github.com/isosocket/isosocket/transport"
)

// defaultMaxAttachments is that of socket.io-parser/lib/index.ts.
const defaultMaxAttachments = 10

func (l *Limits) maxAttachments() int {
	if l.MaxAttachments == 0 {
		return defaultMaxAttachments
	}
	return max(0, l.MaxAttachments)
}

// maxBytes returns the limit of one message, and of the attachments of one packet
// together, where negative is none.
func (l *Limits) maxBytes() (message, attachments int) {
	message, attachments = l.MaxBytes, l.MaxAttachmentBytes
	if message == 0 {
		message = 1e6
	}
	if attachments == 0 {
		attachments = min(message, math.MaxInt/10) * 10
	}
	return message, attachments
}

func checkBytes(n, limit int, what string) error {
	if limit >= 0 && n > limit {
		return fmt.Errorf("%w: %d bytes%s, limit %d", ErrTooLarge, n, what, limit)
	}
	return nil
}

func (l *Limits) maxDepth() int {
	if l.MaxDepth <= 0 {
		return 1000
	}
	return min(l.MaxDepth, 10_000)
}

// jsonDecoder implements [Decoder] for [JSON].
type jsonDecoder struct {
	limits Limits

	packet  Packet // being collected
	missing int    // attachments still to come
	bytes   int    // of attachments so far

	namespace string // the last one that was not "/", which most of the next packets are for, too
}

// Decode implements [Decoder]. Of a packet with attachments it returns the text
// first, with none of them.
//
// The error is a [*SyntaxError], or matches [ErrTooLarge], [ErrUnexpectedText] or
// [ErrUnexpectedBinary].
func (d *jsonDecoder) Decode(m transport.Message) (p Packet, complete bool, err error) {
	if m.Binary {
		return d.binary(m.Data)
	}
	return d.text(m.Data)
}

func (d *jsonDecoder) text(data []byte) (p Packet, complete bool, err error) {
	if d.pending() {
		d.reset()
		return Packet{}, false, ErrUnexpectedText
	}
	limit, _ := d.limits.maxBytes()
	if err := checkBytes(len(data), limit, ""); err != nil {
		return Packet{}, false, err
	}
	attachments, pos, err := d.decodeText(&p, data)
	if err != nil {
		return Packet{}, false, &SyntaxError{Offset: pos, Err: err}
	}
	if attachments == 0 {
		return p, true, nil
	}
	d.packet, d.missing, d.bytes = p, attachments, 0
	return p, false, nil
}

func (d *jsonDecoder) binary(data []byte) (p Packet, complete bool, err error) {
	if !d.pending() {
		return Packet{}, false, ErrUnexpectedBinary
	}
	d.bytes += len(data)
	one, all := d.limits.maxBytes()
	err = checkBytes(len(data), one, " in an attachment")
	if err == nil {
		err = checkBytes(d.bytes, all, " in attachments")
	}
	if err != nil {
		d.reset()
		return Packet{}, false, err
	}
	d.packet.Attachments = append(d.packet.Attachments, owned(data, cap(data)))
	d.missing--
	p = d.packet
	if d.missing > 0 {
		return p, false, nil
	}
	d.reset()
	return p, true, nil
}

// pending reports whether attachments of a packet are still to come.
func (d *jsonDecoder) pending() bool { return d.missing > 0 }

// reset forgets the packet that is being collected.
func (d *jsonDecoder) reset() {
	d.packet, d.missing, d.bytes = Packet{}, 0, 0
}
