package main

import "encoding/binary"

// What the generator must know of the answers, read from their protobuf bytes: a stream answer begins with its
// correlation id (field 1) and carries an error in field 6; a batch answer is a list (field 1) of results, an error in
// field 2 of a result. The answer to a message of events says how many were seen so far (field 1), names verdicts (field
// 2) and faults (field 3); one that says how many are stored (field 4) may come by itself.

const (
	correlationField = 1
	streamErrorField = 6
	resultsField     = 1
	resultErrorField = 2
	lengthDelimited  = 2
)

// field takes the first field off a message; ok is false at its end or where it is malformed.
func field(message []byte) (number int, value, rest []byte, ok bool) {
	tag, n := binary.Uvarint(message)
	if n <= 0 || tag&7 != lengthDelimited {
		return 0, nil, nil, false
	}
	length, m := binary.Uvarint(message[n:])
	end := n + m + int(length)
	if m <= 0 || end > len(message) {
		return 0, nil, nil, false
	}
	return int(tag >> 3), message[n+m : end], message[end:], true
}

func streamAnswer(message []byte) (correlation uint64, failed bool) {
	failed = true
	for number, value, rest, ok := field(message); ok; number, value, rest, ok = field(rest) {
		if number == correlationField {
			correlation, _ = readHex(value)
		} else {
			failed = number == streamErrorField
		}
	}
	return correlation, failed
}

func failedResults(message []byte) (failed int) {
	for number, value, rest, ok := field(message); ok; number, value, rest, ok = field(rest) {
		if inner, _, _, has := field(value); number == resultsField && (!has || inner == resultErrorField) {
			failed++
		}
	}
	return failed
}

type eventsAnswer struct {
	seen, stored     uint64
	verdicts, faults int
}

func readEventsAnswer(message []byte) (answer eventsAnswer, ok bool) {
	for len(message) > 0 {
		tag, n := binary.Uvarint(message)
		if n <= 0 {
			return answer, false
		}
		value, m := binary.Uvarint(message[n:])
		if m <= 0 {
			return answer, false
		}
		end := n + m
		if tag&7 == lengthDelimited {
			end += int(value)
		}
		if end > len(message) {
			return answer, false
		}
		switch tag >> 3 {
		case 1:
			answer.seen = value
		case 2:
			answer.verdicts++
		case 3:
			answer.faults++
		case 4:
			answer.stored = value
		}
		message = message[end:]
	}
	return answer, true
}
