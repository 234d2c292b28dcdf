package parser

import (
	"fmt"

	"github.com/isosocket/isosocket/transport"
)

func (l *Limits) maxAttachments() int {
	if l.MaxAttachments == 0 {
		return 10
	}
	return max(0, l.MaxAttachments)
}

func (l *Limits) checkBytes(n int) error {
	limit := l.MaxBytes
	if limit == 0 {
		limit = 1e6
	}
	if limit > 0 && n > limit {
		return fmt.Errorf("%w: %d bytes, limit %d", ErrTooLarge, n, limit)
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
	bytes   int    // of text and attachments so far

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
	if err := d.limits.checkBytes(len(data)); err != nil {
		return Packet{}, false, err
	}
	attachments, pos, err := d.decodeText(&p, data)
	if err != nil {
		return Packet{}, false, &SyntaxError{Offset: pos, Err: err}
	}
	if attachments == 0 {
		return p, true, nil
	}
	d.packet, d.missing, d.bytes = p, attachments, len(data)
	return p, false, nil
}

func (d *jsonDecoder) binary(data []byte) (p Packet, complete bool, err error) {
	if !d.pending() {
		return Packet{}, false, ErrUnexpectedBinary
	}
	d.bytes += len(data)
	if err := d.limits.checkBytes(d.bytes); err != nil {
		d.reset()
		return Packet{}, false, err
	}
	d.packet.Attachments = append(d.packet.Attachments, data)
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
