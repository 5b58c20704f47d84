package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

const grace = 15 * time.Second // for the answers still missing when the time is up

type stopwatch struct{ begin, end time.Time }

// pending is a request on its way.
type pending struct {
	sent   time.Time
	answer []byte // the message as far as it has arrived
	status string
	text   string
}

// load is what one connection does and what it saw.
type load struct {
	o           options
	plan        *templates
	pick        *picker
	watch       *stopwatch
	outstanding int
	count       int
	wire        *wire
	waiting     map[uint64]*pending // by stream, or by correlation id in stream mode
	free        []*pending
	nextStream  uint32
	sent        int
	message     []byte
	stream      streamState
	events      eventsState
	turn        turn

	answered  int // in all
	inWindow  int
	latencies []uint32 // µs, of answers in the window
	errors    map[string]int
	samples   map[string]string
	refused   int // entries of batches and stream answers that are errors
}

// streamState is the one long call of stream mode.
type streamState struct {
	window   int
	received int
	pending  pending
}

func newLoad(o options, plan *templates, pick *picker, watch *stopwatch, outstanding, count int) *load {
	return &load{
		o: o, events: eventsState{each: len(plan.list[0].keys)}, plan: plan, pick: pick, watch: watch, outstanding: outstanding, count: count, nextStream: firstStreamID,
		waiting: map[uint64]*pending{}, errors: map[string]int{}, samples: map[string]string{},
	}
}

func (l *load) run() (err error) {
	if l.wire, err = dial(l.o.address, l.o.method); err != nil {
		return err
	}
	defer l.wire.conn.Close()
	l.wire.conn.SetReadDeadline(l.watch.end.Add(grace))
	l.turn = newTurn(l.o.rate, l.o.connections, time.Now())
	for {
		if ready, err := l.awaitTurn(); err != nil {
			return l.explain(err)
		} else if !ready {
			if l.fill(); l.over() {
				return nil
			}
			continue
		}
		kind, flags, stream, payload, err := l.wire.read()
		if err != nil {
			return l.explain(err)
		}
		if err = l.take(kind, flags, stream, payload); err != nil {
			return err
		}
		if kind == frameSettings && l.nextStream == firstStreamID && l.streaming() {
			l.openStream()
		}
		if l.nextStream == firstStreamID && kind != frameSettings {
			continue // the server speaks first, with its settings
		}
		if l.fill(); l.over() {
			return nil
		}
	}
}

// streaming tells whether everything goes over one long call.
func (l *load) streaming() bool {
	return l.o.mode == "stream" || l.o.mode == "events"
}

func (l *load) over() bool {
	if l.o.mode == "events" {
		return l.eventsOver()
	}
	return len(l.waiting) == 0 && !l.more(time.Now())
}

func (l *load) explain(err error) error {
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		if l.o.mode == "events" {
			return l.explainEvents()
		}
		return fmt.Errorf("%d requests were not answered in %v after the end", len(l.waiting), grace)
	}
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("the server closed the connection with %d requests unanswered", len(l.waiting))
	}
	return err
}

func (l *load) more(now time.Time) bool {
	return l.sent < l.count && now.Before(l.watch.end)
}

// fill sends requests until enough are outstanding or a window is full.
func (l *load) fill() {
	if l.o.mode == "events" {
		l.sendEvents()
		return
	}
	now := time.Now()
	for len(l.waiting) < l.outstanding && l.more(now) && l.turn.come(now) && l.room() {
		correlation, due := uint64(l.sent), l.turn.take(now)
		l.append(correlation)
		if l.o.mode == "stream" {
			l.stream.window -= len(l.message)
			l.wire.data(firstStreamID, l.message, false)
			l.waiting[correlation] = l.newPending(due)
		} else {
			l.wire.open(l.nextStream)
			l.wire.data(l.nextStream, l.message, true)
			l.waiting[uint64(l.nextStream)] = l.newPending(due)
			l.nextStream += 2
		}
		l.sent++
	}
}

// append makes the next message, with the five bytes that gRPC puts before it.
func (l *load) append(correlation uint64) {
	l.message = append(l.message[:0], 0, 0, 0, 0, 0)
	l.message = l.plan.appendNext(l.message, correlation, l.pick)
	binary.BigEndian.PutUint32(l.message[1:], uint32(len(l.message)-5))
}

func (l *load) room() bool {
	size := l.plan.nextSize() + 5 + 1024 // another connection may take the template that was looked at
	if l.streaming() {
		return size <= l.stream.window && size <= l.wire.sendWindow
	}
	return size <= l.wire.sendWindow && size <= l.wire.peerInitial
}

func (l *load) openStream() {
	l.wire.open(firstStreamID)
	l.stream.window = l.wire.peerInitial
	l.nextStream += 2
}

func (l *load) newPending(now time.Time) *pending {
	if n := len(l.free); n > 0 {
		p := l.free[n-1]
		l.free = l.free[:n-1]
		*p = pending{sent: now, answer: p.answer[:0]}
		return p
	}
	return &pending{sent: now}
}

func (l *load) take(kind, flags byte, stream uint32, payload []byte) error {
	switch kind {
	case frameData:
		l.wire.took(len(payload))
		payload = unpadded(flags, payload)
		if l.streaming() {
			l.takeStream(payload)
		} else if p := l.waiting[uint64(stream)]; p != nil {
			p.answer = append(p.answer, payload...)
		}
		return l.ended(flags, stream)
	case frameHeaders, frameContinuation:
		fields, err := l.wire.headers(kind, flags, payload)
		if err != nil {
			return err
		}
		p := l.waiting[uint64(stream)]
		if l.streaming() {
			p = &l.stream.pending
		}
		for _, field := range fields {
			if p != nil && field.Name == "grpc-status" {
				p.status = field.Value
			} else if p != nil && field.Name == "grpc-message" {
				p.text = field.Value
			}
		}
		if kind == frameContinuation {
			flags = flagEndStream // only trailers are ever so long
		}
		return l.ended(flags, stream)
	case frameReset:
		if p := l.waiting[uint64(stream)]; p != nil && !l.streaming() {
			p.status = fmt.Sprintf("RST_STREAM %d", binary.BigEndian.Uint32(payload))
		}
		return l.ended(flagEndStream, stream)
	case frameWindowUpdate:
		if stream == firstStreamID && l.streaming() {
			l.stream.window += int(binary.BigEndian.Uint32(payload) & 0x7fffffff)
		}
	}
	return l.wire.housekeeping(kind, flags, stream, payload)
}

// ended settles a call whose stream is closed by the server.
func (l *load) ended(flags byte, stream uint32) error {
	if flags&flagEndStream == 0 {
		return nil
	}
	if l.streaming() {
		return fmt.Errorf("the server ended the stream: status %s %q", l.stream.pending.status, l.stream.pending.text)
	}
	if p := l.waiting[uint64(stream)]; p != nil {
		delete(l.waiting, uint64(stream))
		l.settle(p, p.status, p.text)
		if p.status == "0" && l.o.mode == "batch" && len(p.answer) > 5 {
			l.refused += failedResults(p.answer[5:])
		}
		l.free = append(l.free, p)
	}
	return nil
}

// takeStream takes the answers out of the bytes of the long call.
func (l *load) takeStream(payload []byte) {
	if l.stream.received += len(payload); l.stream.received >= windowTopUp {
		l.wire.topUp(firstStreamID, l.stream.received)
		l.stream.received = 0
	}
	buffer := append(l.stream.pending.answer, payload...)
	rest := buffer
	for len(rest) >= 5 {
		end := 5 + int(binary.BigEndian.Uint32(rest[1:]))
		if len(rest) < end {
			break
		}
		l.takeAnswer(rest[5:end])
		rest = rest[end:]
	}
	l.stream.pending.answer = append(buffer[:0], rest...)
}

func (l *load) takeAnswer(answer []byte) {
	if l.o.mode == "events" {
		l.takeEventsAnswer(answer)
		return
	}
	correlation, failed := streamAnswer(answer)
	p := l.waiting[correlation]
	if p == nil {
		l.errors["unknown correlation id"]++
		return
	}
	delete(l.waiting, correlation)
	if failed {
		l.refused++
	}
	l.settle(p, "0", "")
	l.free = append(l.free, p)
}

func (l *load) settle(p *pending, status, text string) {
	now := time.Now()
	l.answered++
	if status != "0" {
		l.errors[status]++
		l.samples[status] = text
		return
	}
	if now.After(l.watch.begin) && now.Before(l.watch.end) {
		l.inWindow++
		l.latencies = append(l.latencies, uint32(now.Sub(p.sent).Microseconds()))
	}
}
