package main

import (
	"fmt"
	"time"
)

// unstoredMost is how many events may wait to be told stored; a producer keeps them to send them again.
const unstoredMost = 100_000

// eventsState is the long call of events mode. Its messages are answered in their order, and what is stored is told
// now and then: the rate that counts is that of events stored.
type eventsState struct {
	each     int        // events in a message
	sent     uint64     // events
	stored   uint64     // of them, as far as it was told
	unseen   []*pending // messages without an answer, the oldest first
	inWindow uint64     // events told stored within the window
	verdicts int
}

// eventsRoom tells whether a message may go now.
func (l *load) eventsRoom(now time.Time) bool {
	e := &l.events
	if len(e.unseen) >= l.outstanding || e.sent-e.stored > unstoredMost {
		return false
	}
	return l.more(now) && l.turn.come(now) && l.room()
}

func (l *load) sendEvents() {
	e := &l.events
	for now := time.Now(); l.nextStream != firstStreamID && l.eventsRoom(now); {
		l.append(0)
		l.stream.window -= len(l.message)
		l.wire.data(firstStreamID, l.message, false)
		e.unseen = append(e.unseen, l.newPending(l.turn.take(now)))
		e.sent += uint64(e.each)
		l.sent++
	}
}

func (l *load) takeEventsAnswer(message []byte) {
	e := &l.events
	answer, ok := readEventsAnswer(message)
	if !ok || answer.seen > 0 && len(e.unseen) == 0 {
		l.errors["unknown answer"]++
		return
	}
	e.verdicts += answer.verdicts
	l.refused += answer.faults
	if answer.seen > 0 {
		p := e.unseen[0]
		e.unseen = e.unseen[1:]
		l.settle(p, "0", "")
		l.free = append(l.free, p)
	}
	if answer.stored > e.stored {
		now := time.Now()
		if now.After(l.watch.begin) && now.Before(l.watch.end) {
			e.inWindow += answer.stored - e.stored
		}
		e.stored = answer.stored
	}
}

func (l *load) eventsOver() bool {
	return !l.more(time.Now()) && len(l.events.unseen) == 0 && l.events.stored == l.events.sent
}

func (l *load) explainEvents() error {
	e := &l.events
	return fmt.Errorf("%d messages were not answered and %d events not stored in %v after the end",
		len(e.unseen), e.sent-e.stored, grace)
}
