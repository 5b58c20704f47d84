package main

import "time"

// turn spaces what is sent where a rate is asked for. What comes late for its turn has waited, and its latency says so.
type turn struct {
	every time.Duration // 0: each goes as soon as it may
	due   time.Time
}

func newTurn(rate float64, connections int, now time.Time) turn {
	if rate == 0 {
		return turn{}
	}
	return turn{time.Duration(float64(connections) / rate * float64(time.Second)), now}
}

func (t *turn) come(now time.Time) bool {
	return !now.Before(t.due)
}

// take gives the time at which the message whose turn it is was to be sent.
func (t *turn) take(now time.Time) time.Time {
	if t.every == 0 {
		return now
	}
	due := t.due
	t.due = due.Add(t.every)
	return due
}

// awaitTurn waits until there is something to read or a message is due; ready is false when one is due.
func (l *load) awaitTurn() (ready bool, err error) {
	if l.turn.every == 0 || l.nextStream == firstStreamID || !l.more(time.Now()) {
		return true, nil
	}
	if l.wire.in.Buffered() > 0 {
		return true, nil
	}
	if err := l.wire.out.Flush(); err != nil {
		return false, err
	}
	return readable(l.wire.conn, l.nextLook())
}

// nextLook is when to look again, though nothing has come.
func (l *load) nextLook() time.Time {
	soon := time.Now().Add(50 * time.Microsecond)
	if l.turn.due.After(soon) {
		return l.turn.due
	}
	return soon
}
