package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"sync/atomic"
)

// Where a serialised request has a marker, a new key of the same length is written: `prefix`, then a number. Every
// marker of one request gets a number of its own; correlation ids get the number of the answer that is waited for.
// Account markers get the number of an account that is picked anew for each key: a batch of 64 debits has 64 keys, and
// all account markers of one debit (its payer, the name of its call) the same account. Caller markers, one for each key
// where there are any, get numbers that come again only after `callers` keys.
const (
	keyMarker         = "KKKKKKKKKKKKKKKK"
	correlationMarker = "CCCCCCCCCCCC"
	accountMarker     = "AAAAAAAA"
	callerMarker      = "NNNNNNNN"
	callers           = 200_003
	prefixLength      = 4
	digits            = "0123456789abcdef"
)

type template struct {
	body         []byte // of one gRPC message
	keys         []int  // offsets of key markers
	correlations []int
	accounts     []int
	callers      []int
}

type templates struct {
	prefix string
	list   []template
	next   atomic.Uint64 // number of the next key
	turn   atomic.Uint64 // which template is next
}

func readTemplates(path, prefix string) (*templates, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	plan := &templates{prefix: prefix}
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		body, err := base64.StdEncoding.DecodeString(lines.Text())
		if err != nil {
			return nil, err
		}
		plan.list = append(plan.list, template{
			body, offsets(body, keyMarker), offsets(body, correlationMarker), offsets(body, accountMarker), offsets(body, callerMarker),
		})
		if t := plan.list[len(plan.list)-1]; len(t.accounts) > 0 && (len(t.keys) == 0 || len(t.accounts)%len(t.keys) != 0) {
			return nil, fmt.Errorf("%s: accounts and keys of a request do not belong together", path)
		}
	}
	if lines.Err() == nil && len(plan.list) == 0 {
		return nil, fmt.Errorf("%s holds no request", path)
	}
	return plan, lines.Err()
}

func offsets(body []byte, marker string) (found []int) {
	for at := 0; ; {
		i := bytes.Index(body[at:], []byte(marker))
		if i < 0 {
			return found
		}
		found = append(found, at+i)
		at += i + len(marker)
	}
}

// appendNext appends the next request, keys and accounts filled in.
func (p *templates) appendNext(out []byte, correlation uint64, pick *picker) []byte {
	t := &p.list[(p.turn.Add(1)-1)%uint64(len(p.list))]
	start := len(out)
	out = append(out, t.body...)
	number := p.next.Add(uint64(len(t.keys))) - uint64(len(t.keys))
	for i, at := range t.keys {
		key := out[start+at : start+at+len(keyMarker)]
		copy(key, p.prefix)
		writeHex(key[prefixLength:], number+uint64(i))
	}
	for i, at := range t.callers {
		writeDecimal(out[start+at:start+at+len(callerMarker)], (number+uint64(i))*scatter%callers)
	}
	for _, at := range t.correlations {
		writeHex(out[start+at:start+at+len(correlationMarker)], correlation)
	}
	for i := 0; i < len(t.accounts); {
		account := pick.next()
		for share := len(t.accounts) / len(t.keys); share > 0; share-- {
			writeDecimal(out[start+t.accounts[i]:start+t.accounts[i]+len(accountMarker)], account)
			i++
		}
	}
	return out
}

func (p *templates) nextSize() int {
	return len(p.list[p.turn.Load()%uint64(len(p.list))].body)
}

func writeHex(out []byte, number uint64) {
	for i := len(out) - 1; i >= 0; i-- {
		out[i] = digits[number&15]
		number >>= 4
	}
}

func writeDecimal(out []byte, number uint64) {
	for i := len(out) - 1; i >= 0; i-- {
		out[i] = digits[number%10]
		number /= 10
	}
}

func readHex(text []byte) (number uint64, ok bool) {
	for _, c := range text {
		i := bytes.IndexByte([]byte(digits), c)
		if i < 0 {
			return 0, false
		}
		number = number<<4 | uint64(i)
	}
	return number, len(text) > 0
}
